using System.Text.Json;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Throttling;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>Carries a job out, device by device. What fails on a device is that row's failure; the job goes on.</summary>
internal sealed class JobRun(
    JobBook book,
    DeviceRegistry registry,
    QueryRun queries,
    MethodInvoker methods,
    OperationPace pace,
    HubThrottles throttles,
    TimeProvider time)
{
    // Methods may take minutes, and more begin meanwhile.
    private const int MaxAtOnce = 64;

    /// <summary>Runs the job to its end, and marks it.</summary>
    /// <exception cref="OperationCanceledException">The job was cancelled, or the hub stops; then it goes on at the next start.</exception>
    public async Task RunAsync(Job job, CancellationToken cancellationToken)
    {
        HubCaller.Current = HubCaller.Hub($"jobs/{job.Request.Id}");
        await BeginAsync(job);
        TimeSpan left = job.Progress.Started!.Value + job.Request.MaxExecution - time.GetUtcNow();
        using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using JsonDocument operation = JsonDocument.Parse(job.Request.Operation);
        try
        {
            await Parallel.ForEachAsync(
                job.Rows.Values.Where(row => !row.IsOver).OrderBy(row => row.Device, StringComparer.Ordinal),
                new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = both.Token },
                (row, token) => new ValueTask(RunRowAsync(job, row, operation.RootElement, token)));
            await book.EndAsync(job, JobStatus.Completed, null, row => row);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            string reason = $"The job's maxExecutionTimeInSeconds ({job.Request.MaxExecution.TotalSeconds:F0}) were over before all devices were done.";
            await book.EndAsync(job, JobStatus.Failed, reason, row => row.Fail(HubErrorCodes.GenericTimeout, "The job's time was over.", time.GetUtcNow()));
        }
    }

    // A job that ran when the hub ended goes on: a twin is patched again, which changes nothing twice; a method that was under way may have run, so that it is
    // not called again.
    private async Task BeginAsync(Job job)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (job.Progress.Status == JobStatus.Running)
        {
            foreach (DeviceJob row in job.Rows.Values.Where(r => r.Status == DeviceJobStatus.Running && r.Type == JobType.ScheduleDeviceMethod))
            {
                await book.UpdateAsync(job, row.Fail(HubErrorCodes.ServerError, "The hub was started again while the method ran; whether it ran to its end is not known.", now));
            }

            return;
        }

        DeviceJob[] rows = [.. queries.Find(job.Request.Target).Select(d => new DeviceJob(job.Request.Id, job.Request.Type, d.Id, DeviceJobStatus.Pending, now))];
        await book.BeginAsync(job, rows, now);
    }

    private async Task RunRowAsync(Job job, DeviceJob row, JsonElement operation, CancellationToken cancellationToken)
    {
        await pace.WaitAsync(cancellationToken);
        await throttles.WaitAsync(throttles.JobDeviceOperations, cancellationToken);
        row = row.Begin(time.GetUtcNow());
        try
        {
            // On disk before the device hears of it, or a crash could call a method twice.
            await book.UpdateAsync(job, row);
            Device device = registry.Get(row.Device);
            MethodAnswer? answer = job.Request.Type == JobType.ScheduleUpdateTwin
                ? await PatchAsync(device, JobTwinPatch.Parse(operation))
                : await methods.InvokeAsync(device, MethodRequest.Parse(job.Request.Operation), cancellationToken);
            row = row.Complete(answer, time.GetUtcNow());
        }
        catch (HubRefusalException e)
        {
            row = row.Fail(e.Code, e.Message, time.GetUtcNow());
        }

        await book.UpdateAsync(job, row);
    }

    private async Task<MethodAnswer?> PatchAsync(Device device, JobTwinPatch patch)
    {
        await registry.ChangeTwinAsync(device, patch.ETag, patch.Tags, patch.Desired, replace: false);
        return null;
    }
}
