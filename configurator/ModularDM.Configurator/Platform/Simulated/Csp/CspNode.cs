using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>A node that is there. Nodes that exist by themselves are made when somebody looks at them.</summary>
internal sealed class CspNode(CspNodeDefinition definition, string name, CspNode? parent)
{
    private readonly OrderedDictionary<string, CspNode> _children = new(StringComparer.Ordinal);
    private HashSet<string>? _deleted;

    public CspNodeDefinition Definition => definition;

    public string Name => name;

    public CspNode? Parent => parent;

    /// <summary>The address in the short spelling, with encoded names.</summary>
    public string Address => field ??= parent is null ? "." : LocUri.Combine(parent.Address, name);

    /// <summary>The value that was set; null when none was.</summary>
    public string? Stored { get; set; }

    /// <summary>It was added or set, so it is kept.</summary>
    public bool IsStored { get; set; }

    /// <summary>The value: the one that was set, or the one it starts with.</summary>
    public string Value => Stored ?? definition.Traits.Start ?? definition.Traits.Format switch
    {
        CspFormat.Int => "0",
        CspFormat.Bool => "false",
        _ => string.Empty,
    };

    /// <summary>The names below it that were deleted although they would exist by themselves.</summary>
    public IReadOnlyCollection<string> Deleted => _deleted ?? (IReadOnlyCollection<string>)[];

    /// <summary>The nodes below it that were looked at or set.</summary>
    public IEnumerable<CspNode> Known => _children.Values;

    public CspNode? Find(string childName)
    {
        CspNodeDefinition? child = definition.Match(childName);
        if (child is null)
        {
            return null;
        }

        string spelled = child.IsDynamic ? childName : child.Name;
        return _children.TryGetValue(spelled, out CspNode? node) ? node
            : child.ExistsByItself && _deleted?.Contains(spelled) != true ? Put(child, spelled)
            : null;
    }

    /// <summary>All nodes below it, those that exist by themselves first.</summary>
    public IEnumerable<CspNode> Children()
    {
        foreach (CspNodeDefinition child in definition.Children)
        {
            if (Find(child.Name) is { } node)
            {
                yield return node;
            }
        }

        foreach (CspNode node in _children.Values)
        {
            if (node.Definition.IsDynamic)
            {
                yield return node;
            }
        }
    }

    public int CountDynamic() => _children.Values.Count(node => node.Definition.IsDynamic);

    /// <summary>Makes a node, which is not stored yet.</summary>
    public CspNode Put(CspNodeDefinition child, string childName)
    {
        var node = new CspNode(child, child.IsDynamic ? childName : child.Name, this);
        Put(node);
        return node;
    }

    public void Put(CspNode node)
    {
        _deleted?.Remove(node.Name);
        _children[node.Name] = node;
    }

    public void Take(CspNode node)
    {
        _children.Remove(node.Name);
        if (node.Definition.ExistsByItself)
        {
            (_deleted ??= new HashSet<string>(StringComparer.Ordinal)).Add(node.Name);
        }
    }

    /// <summary>Takes a node away as if it had never been there.</summary>
    public void Forget(CspNode node) => _children.Remove(node.Name);

    public void Clear()
    {
        _children.Clear();
        _deleted = null;
    }
}
