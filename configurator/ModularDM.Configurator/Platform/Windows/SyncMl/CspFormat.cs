namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>The formats of node values that the nodes used here have.</summary>
internal enum CspFormat
{
    Chr,
    Int,
    Bool,
    Node,
    Null,
}
