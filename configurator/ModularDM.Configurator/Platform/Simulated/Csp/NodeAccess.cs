namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>What a server may do with a node.</summary>
[Flags]
internal enum NodeAccess
{
    None = 0,
    Get = 1,
    Replace = 2,
    Add = 4,
    Delete = 8,
    Exec = 16,
}
