using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>Runs jobs when their time has come, so many at once, in the order in which it came. What did not end before the hub did goes on at its next start.</summary>
internal sealed partial class JobScheduler(JobBook book, JobRun run, int concurrency, TimeProvider time, ILogger<JobScheduler> logger) : IAsyncDisposable
{
    // A timer's longest wait is shorter than a year.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);
    private readonly ConcurrentDictionary<Job, Task> running = new();
    private readonly SemaphoreSlim slots = new(concurrency);
    private readonly CancellationTokenSource stop = new();

    /// <summary>Takes up what was left.</summary>
    public void Start()
    {
        foreach (Job job in book.All.Where(j => !j.Progress.IsOver).OrderBy(j => j.Progress.Started ?? j.Request.Start))
        {
            Follow(job);
        }
    }

    /// <exception cref="HubRefusalException">The job exists, or too many wait and run.</exception>
    public async Task<Job> AddAsync(JobRequest request)
    {
        Job job = await book.AddAsync(request);
        if (!stop.IsCancellationRequested)
        {
            Follow(job);
        }

        return job;
    }

    /// <summary>Ends when nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running.Values);
        slots.Dispose();
        stop.Dispose();
    }

    private void Follow(Job job)
    {
        var begin = new TaskCompletionSource();
        running[job] = FollowAsync(job, begin.Task);
        begin.SetResult();
    }

    private async Task FollowAsync(Job job, Task begin)
    {
        await begin;
        await Task.Yield();
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, job.Cancelled);
            await WaitAsync(job, both.Token);
            await slots.WaitAsync(both.Token);
            try
            {
                await run.RunAsync(job, both.Token);
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || job.Progress.IsOver)
        {
            // Cancelled, or the hub stops: then its state on disk says where to go on.
        }
        catch (Exception e)
        {
            JobFailed(job.Request.Id, e);
            await GiveUpAsync(job);
        }
        finally
        {
            running.TryRemove(job, out _);
        }
    }

    private async Task WaitAsync(Job job, CancellationToken cancellationToken)
    {
        if (job.Progress.Status != JobStatus.Scheduled)
        {
            return;
        }

        while (job.Request.Start - time.GetUtcNow() is { Ticks: > 0 } left)
        {
            await Task.Delay(left < LongestWait ? left : LongestWait, time, cancellationToken);
        }

        await book.QueueAsync(job);
    }

    private async Task GiveUpAsync(Job job)
    {
        try
        {
            await book.EndAsync(job, JobStatus.Failed, "An internal error occurred.", row => row.Cancel(time.GetUtcNow()));
        }
        catch (HubRefusalException)
        {
            // The store takes nothing any more, and has said so.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The job {JobId} failed")]
    private partial void JobFailed(string jobId, Exception cause);
}
