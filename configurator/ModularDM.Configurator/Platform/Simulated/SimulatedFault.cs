namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>A fault on one node or area.</summary>
internal sealed record SimulatedFault
{
    /// <summary>The SyncML status to answer with; null answers as usual.</summary>
    public int? Status { get; init; }

    /// <summary>Milliseconds to wait first.</summary>
    public int DelayMs { get; init; }

    /// <summary>The whole call fails with this HRESULT ("0x80070005"), and none of its commands counts. For nodes only.</summary>
    public string? HResult { get; init; }

    /// <summary>The command is done, but its status and its results are left out of the answer. For nodes only.</summary>
    public bool Lost { get; init; }
}
