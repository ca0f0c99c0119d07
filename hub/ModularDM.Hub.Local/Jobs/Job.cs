namespace ModularDM.Hub.Local.Jobs;

/// <summary>How far a job is. Immutable.</summary>
internal sealed record JobProgress(JobStatus Status, DateTimeOffset? Started = null, DateTimeOffset? Ended = null, string? FailureReason = null)
{
    public bool IsOver => Status >= JobStatus.Completed;
}

/// <summary>A job in memory. Its progress and rows are replaced whole, under <see cref="Gate"/>, in the order in which they go to the store.</summary>
internal sealed class Job(JobRequest request, DateTimeOffset created, JobProgress progress) : IDisposable
{
    private readonly CancellationTokenSource cancelled = new();
    private volatile JobProgress progress = progress;

    public Lock Gate { get; } = new();

    public JobRequest Request { get; } = request;

    public DateTimeOffset Created { get; } = created;

    public JobProgress Progress
    {
        get => progress;
        set => progress = value;
    }

    /// <summary>The rows by device, or by module with a slash; there once the job runs.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, DeviceJob> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>Fires when a service has cancelled the job.</summary>
    public CancellationToken Cancelled => cancelled.Token;

    public void Cancel() => cancelled.Cancel();

    public void Dispose() => cancelled.Dispose();
}
