namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Where a tree keeps what differs from its tables.</summary>
internal interface ICspTreeStore
{
    /// <summary>Called once, when the tree is made.</summary>
    CspTreeContent Load();

    /// <summary>Called after each change that was made as a whole, under the tree's lock.</summary>
    void Save(CspTreeContent content);
}

/// <summary>What differs from the tables.</summary>
/// <param name="Nodes">Values by address; null is a node that was deleted although it exists by itself.</param>
/// <param name="Memory">What behaviours remember beside the nodes.</param>
internal sealed record CspTreeContent(IReadOnlyDictionary<string, string?> Nodes, IReadOnlyDictionary<string, string> Memory);
