using System.Collections.Concurrent;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>All jobs, in memory in front of the store. What is over stays so: a row or job that ended takes no more changes.</summary>
internal sealed class JobBook
{
    private static readonly TimeSpan History = TimeSpan.FromDays(30);
    private readonly ConcurrentDictionary<string, Job> jobs = new(StringComparer.Ordinal);
    private readonly HubStore store;
    private readonly TimeProvider time;

    public JobBook(HubStore store, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        foreach (Job job in store.ReadJobs())
        {
            jobs[job.Request.Id] = job;
        }

        Forget();
    }

    public IEnumerable<Job> All => jobs.Values;

    /// <summary>The rows of all jobs.</summary>
    public IEnumerable<DeviceJob> Rows => jobs.Values.SelectMany(job => job.Rows.Values);

    /// <exception cref="HubRefusalException">There is no such job.</exception>
    public Job Get(string id) => jobs.GetValueOrDefault(id) ?? throw new HubRefusalException(HubErrorCodes.JobNotFound, $"There is no job '{id}'.");

    /// <exception cref="HubRefusalException">The job exists, or too many wait and run.</exception>
    public async Task<Job> AddAsync(JobRequest request)
    {
        Forget();
        if (jobs.Values.Count(j => !j.Progress.IsOver) >= HubChoices.MaxActiveJobs)
        {
            throw new HubRefusalException(HubErrorCodes.ThrottlingMaxActiveJobCountExceeded, $"{HubChoices.MaxActiveJobs} jobs wait or run already.");
        }

        DateTimeOffset now = time.GetUtcNow();
        var job = new Job(request, now, new JobProgress(request.Start > now ? JobStatus.Scheduled : JobStatus.Queued));
        if (!jobs.TryAdd(request.Id, job))
        {
            job.Dispose();
            throw new HubRefusalException(HubErrorCodes.JobAlreadyExists, $"The job '{request.Id}' already exists.");
        }

        try
        {
            await SaveAsync(job, []);
        }
        catch (HubRefusalException)
        {
            jobs.TryRemove(request.Id, out _);
            throw;
        }

        return job;
    }

    /// <summary>The job's time has come; it waits for its turn.</summary>
    public Task QueueAsync(Job job) => ChangeAsync(job, progress => progress with { Status = JobStatus.Queued }, () => []);

    /// <summary>The job runs, on these devices.</summary>
    public Task BeginAsync(Job job, IReadOnlyList<DeviceJob> rows, DateTimeOffset now) => ChangeAsync(job, progress => progress with { Status = JobStatus.Running, Started = now }, () =>
    {
        foreach (DeviceJob row in rows)
        {
            job.Rows[row.Device] = row;
        }

        return rows;
    });

    /// <summary>The job is over; rows that are not become what <paramref name="rest"/> makes of them.</summary>
    public Task EndAsync(Job job, JobStatus status, string? reason, Func<DeviceJob, DeviceJob> rest) =>
        ChangeAsync(job, progress => progress with { Status = status, Ended = time.GetUtcNow(), FailureReason = reason }, () =>
        {
            DeviceJob[] changed = [.. job.Rows.Values.Where(row => !row.IsOver).Select(rest)];
            foreach (DeviceJob row in changed)
            {
                job.Rows[row.Device] = row;
            }

            return changed;
        });

    /// <summary>Ends a job that waits or runs; what it did stays done.</summary>
    /// <exception cref="HubRefusalException">The job is over.</exception>
    public async Task CancelAsync(Job job)
    {
        if (job.Progress.IsOver)
        {
            throw new HubRefusalException(HubErrorCodes.InvalidOperation, $"The job '{job.Request.Id}' is {JobNames.Of(job.Progress.Status)} already.");
        }

        await EndAsync(job, JobStatus.Cancelled, null, row => row.Cancel(time.GetUtcNow()));
        job.Cancel();
    }

    public async Task UpdateAsync(Job job, DeviceJob row)
    {
        StoreChange save;
        lock (job.Gate)
        {
            if (job.Progress.IsOver || job.Rows[row.Device].IsOver)
            {
                return;
            }

            store.Enqueue(save = new JobStore.SaveRow(row));
            job.Rows[row.Device] = row;
        }

        await save.Done;
    }

    private async Task ChangeAsync(Job job, Func<JobProgress, JobProgress> change, Func<IReadOnlyList<DeviceJob>> rows)
    {
        Task saved;
        lock (job.Gate)
        {
            if (job.Progress.IsOver)
            {
                return;
            }

            job.Progress = change(job.Progress);
            saved = SaveAsync(job, rows());
        }

        await saved;
    }

    private Task SaveAsync(Job job, IReadOnlyList<DeviceJob> rows)
    {
        var save = new JobStore.SaveJob(job.Request, job.Created, job.Progress, rows);
        store.Enqueue(save);
        return save.Done;
    }

    private void Forget()
    {
        DateTimeOffset before = time.GetUtcNow() - History;
        foreach (Job job in jobs.Values.Where(j => j.Progress.Ended < before))
        {
            store.Enqueue(new JobStore.Remove(job.Request.Id));
            jobs.TryRemove(job.Request.Id, out _);
            job.Dispose();
        }
    }
}
