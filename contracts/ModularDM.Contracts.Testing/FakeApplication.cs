namespace ModularDM.Contracts.Testing;

/// <summary>The application that embeds the runtime, as the test wants it.</summary>
public sealed class FakeApplication : IApplication
{
    /// <summary>What it answers.</summary>
    /// <value>The default is true, as when no application is there.</value>
    public bool AllowsReboot { get; set; } = true;

    /// <summary>The reason given with the last question; null when it was never asked.</summary>
    public string? LastReason { get; private set; }

    /// <inheritdoc/>
    public Task<bool> IsRebootAllowedAsync(string reason, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        cancellationToken.ThrowIfCancellationRequested();
        LastReason = reason;
        return Task.FromResult(AllowsReboot);
    }
}
