namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Who gives a node that has no fixed name its name.</summary>
internal enum NodeNaming
{
    /// <summary>The name is fixed.</summary>
    Fixed,

    /// <summary>The device does; it lists what it has.</summary>
    Inventory,

    /// <summary>The server does, as it likes.</summary>
    Server,

    /// <summary>The server does, by a rule that the node's description tells.</summary>
    Unique,
}
