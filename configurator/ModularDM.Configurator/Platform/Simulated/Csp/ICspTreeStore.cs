namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Where a tree keeps what differs from its tables.</summary>
internal interface ICspTreeStore
{
    /// <summary>Called once, when the tree is made.</summary>
    CspTreeContent Load();

    /// <summary>Called after each change that was made as a whole, under the tree's lock.</summary>
    void Save(CspTreeContent content);
}
