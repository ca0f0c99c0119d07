using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>What differs from the tables.</summary>
/// <param name="Nodes">Values by address; null is a node that was deleted although it exists by itself.</param>
/// <param name="Memory">What behaviours remember beside the nodes.</param>
internal sealed record CspTreeContent(IReadOnlyDictionary<string, string?> Nodes, IReadOnlyDictionary<string, string> Memory)
{
    /// <param name="root">The tree.</param>
    /// <param name="foreign">What was kept for tables that are not there now.</param>
    /// <param name="memory">What behaviours remember.</param>
    public static CspTreeContent Of(CspNode root, IReadOnlyDictionary<string, string?> foreign, IReadOnlyDictionary<string, string> memory)
    {
        var nodes = new Dictionary<string, string?>(foreign, StringComparer.Ordinal);
        var waiting = new Stack<CspNode>([root]);
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

        return new CspTreeContent(nodes, new Dictionary<string, string>(memory));
    }
}
