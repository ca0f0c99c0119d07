using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>
/// The device's tree: which nodes are there and what they hold. This is the device's own side, which obeys no access rules; a server's commands go through
/// <see cref="CspVerbs"/>. Every change can be undone until it is committed.
/// </summary>
internal sealed class CspTree
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly ICspTreeStore? _store;
    private readonly CspJournal _journal = new();
    private readonly Dictionary<CspNodeDefinition, ICspNodeBehaviour> _behaviours = [];
    private readonly Dictionary<string, string?> _foreign = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _memory = new(StringComparer.Ordinal);
    private int _depth;

    /// <param name="schema">Which nodes there may be.</param>
    /// <param name="store">Null keeps nothing.</param>
    /// <param name="behaviours">At most one for a node.</param>
    /// <exception cref="ArgumentException">A behaviour names a node that no table has, or that another has already.</exception>
    public CspTree(CspSchema schema, ICspTreeStore? store = null, IEnumerable<ICspNodeBehaviour>? behaviours = null)
    {
        Schema = schema;
        Root = new CspNode(schema.Root, ".", null);
        foreach (ICspNodeBehaviour behaviour in behaviours ?? [])
        {
            Attach(behaviour);
        }

        if (store is not null)
        {
            Load(store.Load());
            _store = store;
        }
    }

    public CspSchema Schema { get; }

    public CspNode Root { get; }

    /// <summary>Gives nodes a behaviour. To be called before the tree is used.</summary>
    /// <exception cref="ArgumentException">It names a node that no table has, or that another has already.</exception>
    public void Attach(ICspNodeBehaviour behaviour)
    {
        foreach (string address in behaviour.Addresses)
        {
            CspNodeDefinition node = Schema.Find(address) ?? throw new ArgumentException($"No table has the node {address}.", nameof(behaviour));
            if (!_behaviours.TryAdd(node, behaviour))
            {
                throw new ArgumentException($"The node {address} has a behaviour already.", nameof(behaviour));
            }
        }
    }

    /// <summary>Does several things as one: all of them are kept and committed, or none when the action throws.</summary>
    /// <param name="action">What to do; it holds up every other change.</param>
    /// <param name="limit">How long to wait for the changes of others; a minute unless said.</param>
    /// <exception cref="ConfiguratorException">The others did not finish within the limit.</exception>
    public T Change<T>(Func<CspTree, T> action, TimeSpan? limit = null)
    {
        TimeSpan wait = limit ?? s_longestWait;
        if (!_gate.TryEnter(wait > TimeSpan.Zero ? wait : TimeSpan.Zero))
        {
            throw ConfiguratorException.Timeout("The simulated engine", wait);
        }

        try
        {
            _depth++;
            CspSavepoint savepoint = _journal.Savepoint;
            bool done = false;
            try
            {
                T result = action(this);
                if (_depth == 1)
                {
                    Keep();
                }

                done = true;
                return result;
            }
            finally
            {
                if (!done)
                {
                    _journal.RollBack(savepoint);
                }

                if (--_depth == 0)
                {
                    _journal.Promise();
                }
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc cref="Change{T}"/>
    public void Change(Action<CspTree> action, TimeSpan? limit = null) => Change(
        tree =>
        {
            action(tree);
            return true;
        },
        limit);

    /// <summary>The node with this address, when it is there.</summary>
    public CspNode? Find(string locUri)
    {
        if (!LocUri.TrySplit(locUri, out string[] names))
        {
            return null;
        }

        CspNode? node = Root;
        foreach (string name in names)
        {
            node = node?.Find(name);
        }

        return node;
    }

    /// <summary>A node's value; null when it is not there.</summary>
    public string? Value(string locUri) => Find(locUri)?.Value;

    /// <summary>The names below a node, decoded; empty when it is not there.</summary>
    public IReadOnlyList<string> Names(string locUri) => [.. Find(locUri)?.Children().Select(child => child.Name) ?? []];

    /// <summary>Sets a value as the device itself, making the node and those above it where they are not there.</summary>
    /// <exception cref="ArgumentException">No table has such a node.</exception>
    public CspNode Set(string locUri, string? value = null)
    {
        if (!LocUri.TrySplit(locUri, out string[] names))
        {
            throw new ArgumentException($"'{locUri}' is no address of a node.", nameof(locUri));
        }

        CspNode node = Root;
        foreach (string name in names)
        {
            node = node.Find(name) ?? Put(node, node.Definition.Match(name) ?? throw new ArgumentException($"No table has the node {locUri}.", nameof(locUri)), name);
        }

        Store(node, value);
        return node;
    }

    /// <summary>Takes a node away as the device itself, with all below it.</summary>
    /// <returns>False when it was not there.</returns>
    public bool Remove(string locUri)
    {
        if (Find(locUri) is not { Parent: not null } node)
        {
            return false;
        }

        Take(node);
        return true;
    }

    /// <summary>Makes the tree as its tables say, and forgets all memory. What a wipe leaves.</summary>
    public void Reset()
    {
        CspNode[] below = [.. Root.Known];
        KeyValuePair<string, string>[] memory = [.. _memory];
        Root.Clear();
        _memory.Clear();
        _journal.Add(() =>
        {
            Array.ForEach(below, Root.Put);
            Array.ForEach(memory, pair => _memory[pair.Key] = pair.Value);
        });
    }

    /// <summary>What behaviours remember beside the nodes; it is kept and undone as nodes are.</summary>
    public string? Memory(string key) => _memory.GetValueOrDefault(key);

    /// <param name="key">The behaviour's name and what it is about.</param>
    /// <param name="value">Null forgets it.</param>
    public void Memorize(string key, string? value)
    {
        string? before = _memory.GetValueOrDefault(key);
        Write(value);
        _journal.Add(() => Write(before));

        void Write(string? text)
        {
            if (text is null)
            {
                _memory.Remove(key);
            }
            else
            {
                _memory[key] = text;
            }
        }
    }

    internal ICspNodeBehaviour? BehaviourOf(CspNodeDefinition definition) => _behaviours.Count == 0 ? null : _behaviours.GetValueOrDefault(definition);

    internal void OnCommit(Action action) => _journal.OnCommit(action);

    internal CspSavepoint Savepoint() => _journal.Savepoint;

    internal void RollBack(CspSavepoint savepoint) => _journal.RollBack(savepoint);

    internal CspNode Put(CspNode parent, CspNodeDefinition definition, string name)
    {
        bool wasDeleted = parent.Deleted.Contains(definition.IsDynamic ? name : definition.Name);
        CspNode node = parent.Put(definition, name);
        _journal.Add(() =>
        {
            if (wasDeleted)
            {
                parent.Take(node);
            }
            else
            {
                parent.Forget(node);
            }
        });
        node.IsStored = true;
        return node;
    }

    internal void Store(CspNode node, string? value)
    {
        (string? before, bool wasStored) = (node.Stored, node.IsStored);
        node.Stored = value;
        node.IsStored = true;
        _journal.Add(() => (node.Stored, node.IsStored) = (before, wasStored));
    }

    internal void Take(CspNode node)
    {
        CspNode parent = node.Parent!;
        parent.Take(node);
        _journal.Add(() => parent.Put(node));
    }

    private void Keep()
    {
        if (_journal.HasChanges)
        {
            _store?.Save(Content());
            _journal.Clear();
        }
    }

    private CspTreeContent Content()
    {
        var nodes = new Dictionary<string, string?>(_foreign, StringComparer.Ordinal);
        var waiting = new Stack<CspNode>([Root]);
        while (waiting.TryPop(out CspNode? node))
        {
            if (node.IsStored)
            {
                nodes[node.Address] = node.Stored ?? node.Definition.Traits.Start ?? string.Empty;
            }

            foreach (string name in node.Deleted)
            {
                nodes[LocUri.Combine(node.Address, name)] = null;
            }

            foreach (CspNode child in node.Known)
            {
                waiting.Push(child);
            }
        }

        return new CspTreeContent(nodes, new Dictionary<string, string>(_memory));
    }

    private void Load(CspTreeContent content)
    {
        foreach ((string address, string? value) in content.Nodes)
        {
            if (!LocUri.TrySplit(address, out string[] names) || !IsKnown(names))
            {
                // A table that is gone may come back; what it kept is not lost meanwhile.
                _foreign[address] = value;
            }
            else if (value is null)
            {
                Remove(address);
            }
            else
            {
                Set(address, value);
            }
        }

        foreach ((string key, string value) in content.Memory)
        {
            _memory[key] = value;
        }

        _journal.Clear();
    }

    private bool IsKnown(string[] names)
    {
        CspNodeDefinition? node = Schema.Root;
        foreach (string name in names)
        {
            node = node?.Match(name);
        }

        return node is not null;
    }
}
