using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>How a command ended: a SyncML status, and what a Get brought.</summary>
internal readonly record struct CspOutcome(int Status, string? Data = null, CspFormat Format = CspFormat.Chr, IReadOnlyList<CspNode>? Subtree = null)
{
    public bool IsSuccess => SyncMlStatus.IsSuccess(Status);
}
