namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>How much of a subtree a Get asks for.</summary>
internal enum CspList
{
    /// <summary>The node alone; for an inner node the names directly below it.</summary>
    None,

    /// <summary>Every node of the subtree, without values.</summary>
    Struct,

    /// <summary>Every node of the subtree, with values.</summary>
    StructData,
}
