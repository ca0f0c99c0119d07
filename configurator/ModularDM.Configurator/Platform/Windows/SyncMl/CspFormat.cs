namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>The formats that a node's value may have.</summary>
internal enum CspFormat
{
    B64,
    Bin,
    Bool,
    Chr,
    Date,
    Float,
    Int,
    Node,
    Null,
    Time,
    Xml,
}
