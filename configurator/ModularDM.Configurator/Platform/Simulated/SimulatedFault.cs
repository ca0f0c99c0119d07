namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>A fault on one node or area.</summary>
internal sealed record SimulatedFault
{
    /// <summary>The SyncML status to answer with; null answers as usual.</summary>
    public int? Status { get; init; }

    /// <summary>Milliseconds to wait first.</summary>
    public int DelayMs { get; init; }
}
