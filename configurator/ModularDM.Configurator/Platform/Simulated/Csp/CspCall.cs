using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>A command that reached a node with a behaviour.</summary>
internal sealed class CspCall(CspTree tree, string verb, CspNode node, string? data)
{
    /// <summary>The tree, to read and change other nodes; what is changed is undone when the command fails.</summary>
    public CspTree Tree => tree;

    /// <summary>Get, Replace, Add, Delete or Exec.</summary>
    public string Verb => verb;

    public CspNode Node => node;

    public string Address => node.Address;

    /// <summary>The data of the command; null when it has none.</summary>
    public string? Data => data;

    /// <summary>For Replace and Add, the value before; null when the node was not there.</summary>
    public string? Previous { get; init; }

    /// <summary>The names on the way that are not fixed, decoded, from the root on.</summary>
    public IReadOnlyList<string> Names { get; } = NamesOf(node);

    /// <summary>The address of a node beside this one.</summary>
    public string Beside(string name) => LocUri.Combine(node.Parent!.Address, name);

    /// <summary>Does something outside the tree once the whole message was done, or the whole Atomic. It is dropped when that fails.</summary>
    public void OnCommit(Action action) => tree.OnCommit(action);

    private static List<string> NamesOf(CspNode node)
    {
        var names = new List<string>();
        for (CspNode? next = node; next is not null; next = next.Parent)
        {
            if (next.Definition.IsDynamic)
            {
                names.Insert(0, next.Name);
            }
        }

        return names;
    }
}
