using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>What a server may do with the tree: each verb with its rules, in the order address, access, existence, format, value.</summary>
internal sealed class CspVerbs(CspTree tree)
{
    private const int MaxListed = 20_000;

    /// <summary>Does one command, all of it or nothing. To be called inside <see cref="CspTree.Change{T}"/>.</summary>
    public CspOutcome Do(string verb, string locUri, string? format = null, string? data = null)
    {
        if (!LocUri.TrySplitList(locUri, out string address, out CspList list) || !LocUri.TrySplit(address, out string[] names) || (list != CspList.None && verb != "Get"))
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        if (CspPlace.Find(tree, names) is not { } place)
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        NodeAccess wanted = AccessOf(verb);
        if (wanted == NodeAccess.None)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        CspNodeTraits traits = place.Definition.Traits;
        if (!traits.Access.HasFlag(wanted) || (wanted == NodeAccess.Delete && traits.IsPermanent))
        {
            return new CspOutcome(SyncMlStatus.NotAllowed);
        }

        if (wanted == NodeAccess.Get)
        {
            return Get(place, list);
        }

        CspSavepoint savepoint = tree.Savepoint();
        CspOutcome outcome = wanted switch
        {
            NodeAccess.Add => Add(place, format, data),
            NodeAccess.Replace => Replace(place, format, data),
            NodeAccess.Delete => Delete(place),
            _ => Exec(place, format, data),
        };
        if (!outcome.IsSuccess)
        {
            tree.RollBack(savepoint);
        }

        return outcome;
    }

    private static NodeAccess AccessOf(string verb) => verb switch
    {
        "Get" => NodeAccess.Get,
        "Replace" => NodeAccess.Replace,
        "Add" => NodeAccess.Add,
        "Delete" => NodeAccess.Delete,
        "Exec" => NodeAccess.Exec,
        _ => NodeAccess.None,
    };

    private CspOutcome Get(CspPlace place, CspList list)
    {
        if (place.Node is not { } node)
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        if (list != CspList.None)
        {
            return Subtree(node);
        }

        if (tree.BehaviourOf(node.Definition)?.OnGet(new CspCall(tree, "Get", node, null)) is { } outcome)
        {
            return outcome.Data is not null || !outcome.IsSuccess ? outcome with { Format = node.Definition.Traits.Format } : Read(node, outcome.Status);
        }

        return Read(node, SyncMlStatus.Ok);
    }

    private static CspOutcome Read(CspNode node, int status) => node.Definition.Traits.Format == CspFormat.Node
        ? new CspOutcome(status, string.Join('/', node.Children().Select(child => LocUri.EscapeSegment(child.Name))), CspFormat.Node)
        : new CspOutcome(status, node.Value, node.Definition.Traits.Format);

    private static CspOutcome Subtree(CspNode top)
    {
        var nodes = new List<CspNode>();
        var waiting = new Stack<CspNode>([top]);
        while (waiting.TryPop(out CspNode? node))
        {
            if (nodes.Count == MaxListed)
            {
                return new CspOutcome(SyncMlStatus.TooLarge);
            }

            nodes.Add(node);
            foreach (CspNode child in node.Children().Reverse())
            {
                waiting.Push(child);
            }
        }

        return new CspOutcome(SyncMlStatus.Ok, null, CspFormat.Node, nodes);
    }

    private CspOutcome Add(CspPlace place, string? format, string? data)
    {
        if (place.Node is not null)
        {
            return new CspOutcome(SyncMlStatus.AlreadyExists);
        }

        int status = CspValue.Check(place.Definition.Traits, format, data);
        return status == SyncMlStatus.Ok ? Create(place, "Add", data) : new CspOutcome(status);
    }

    private CspOutcome Replace(CspPlace place, string? format, string? data)
    {
        CspNodeTraits traits = place.Definition.Traits;
        if (place.Node is null && !traits.Access.HasFlag(NodeAccess.Add))
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        int status = CspValue.Check(traits, format, data);
        if (status != SyncMlStatus.Ok)
        {
            return new CspOutcome(status);
        }

        if (place.Node is not { } node)
        {
            // A setting that is not there yet is made, as the policies of Windows do.
            return Create(place, "Replace", data);
        }

        string before = node.Value;
        if (traits.Format != CspFormat.Node)
        {
            tree.Store(node, data ?? string.Empty);
        }

        return AfterSet(node, "Replace", data, before);
    }

    private CspOutcome Create(CspPlace place, string verb, string? data)
    {
        CspNode node = place.Nearest;
        for (int i = place.Known; i < place.Names.Length; i++)
        {
            CspNodeDefinition child = node.Definition.Match(place.Names[i])!;
            bool isLast = i == place.Names.Length - 1;
            // What stands between is made with it, unless only the device can make it.
            int status = !isLast && child.Traits.Naming == NodeNaming.Inventory ? SyncMlStatus.NotFound : CspValue.CheckName(node, child, place.Names[i]);
            if (status != SyncMlStatus.Ok)
            {
                return new CspOutcome(status);
            }

            node = tree.Put(node, child, place.Names[i]);
        }

        tree.Store(node, node.Definition.Traits.Format == CspFormat.Node ? null : data ?? string.Empty);
        return AfterSet(node, verb, data, null);
    }

    private CspOutcome AfterSet(CspNode node, string verb, string? data, string? before)
    {
        CspOutcome outcome = tree.BehaviourOf(node.Definition)?.OnSet(new CspCall(tree, verb, node, data) { Previous = before }) ?? new CspOutcome(SyncMlStatus.Ok);
        if (outcome.IsSuccess && node.Definition.Traits.EmptyDeletes && string.IsNullOrEmpty(data))
        {
            tree.Take(node);
        }

        return outcome;
    }

    private CspOutcome Delete(CspPlace place)
    {
        if (place.Node is not { Parent: { } parent } node)
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        if (node.Definition.IsDynamic && node.Definition.Traits.MinOccurs > 0 && node.Definition.Traits.MaxOccurs != 1
            && parent.CountDynamic() <= node.Definition.Traits.MinOccurs)
        {
            return new CspOutcome(SyncMlStatus.NotAllowed);
        }

        CspOutcome outcome = tree.BehaviourOf(node.Definition)?.OnDelete(new CspCall(tree, "Delete", node, null)) ?? new CspOutcome(SyncMlStatus.Ok);
        if (outcome.IsSuccess && parent.Find(node.Name) == node)
        {
            tree.Take(node);
        }

        return outcome;
    }

    private CspOutcome Exec(CspPlace place, string? format, string? data)
    {
        CspNode? node = place.Node;
        if (node is null && place.Known == place.Names.Length - 1 && !place.Definition.IsDynamic)
        {
            // A command that can also be added need not be: it is enough that what it belongs to is there.
            node = tree.Put(place.Nearest, place.Definition, place.Definition.Name);
        }

        if (node is null)
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        int status = string.IsNullOrEmpty(data) || node.Definition.Traits.Format == CspFormat.Null
            ? SyncMlStatus.Ok
            : CspValue.Check(node.Definition.Traits, format, data);
        return status == SyncMlStatus.Ok
            ? tree.BehaviourOf(node.Definition)?.OnExec(new CspCall(tree, "Exec", node, data)) ?? new CspOutcome(SyncMlStatus.Ok)
            : new CspOutcome(status);
    }
}
