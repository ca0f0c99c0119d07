using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// Sends what <see cref="ReportedState"/> has due, one patch at a time: while one is on its way everything that becomes due gathers in the next. A report is
/// done when the hub answered; until then it is tried again.
/// </summary>
internal sealed partial class ReportSender(IHubConnection hub, ReportedState reported, TimeProvider clock, ILogger<ReportSender> logger) : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_throttledPause = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<SectionName> _refused = [];
    private TaskCompletionSource? _idle;
    private bool _open;
    private bool _busy;
    private bool _again;

    /// <summary>Raised after the hub acknowledged a patch: now is the time to remember.</summary>
    public event Action? Acknowledged;

    /// <summary>
    /// Raised when nobody knows whether the hub took a patch. Sending is closed then: a difference against what the hub may not have would be wrong,
    /// so the twin is to be fetched first.
    /// </summary>
    public event Action? InDoubt;

    /// <summary>The hub can be reached and its reported properties are known: sending may begin.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _open = true;
        }

        Kick();
    }

    /// <summary>The hub cannot be reached: what is due waits.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _open = false;
        }
    }

    /// <summary>Something is due. Returns once the patch is handed to the connection, or at once when one is on its way already.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            if (!_open || _stopping.IsCancellationRequested)
            {
                return;
            }

            _again = _busy;
            if (_busy)
            {
                return;
            }

            _busy = true;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = SendAllAsync(_idle);
    }

    /// <summary>Ends when nothing is on its way any more.</summary>
    public async Task StopAsync()
    {
        Task idle;
        lock (_gate)
        {
            idle = _idle?.Task ?? Task.CompletedTask;
        }

        await _stopping.CancelAsync();
        await idle;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task SendAllAsync(TaskCompletionSource idle)
    {
        try
        {
            await SendAllAsync();
        }
        finally
        {
            idle.SetResult();
        }
    }

    private async Task SendAllAsync()
    {
        int failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            ReportPatch? patch = reported.Take();
            if (patch is null)
            {
                if (IsDone())
                {
                    return;
                }

                continue;
            }

            HubFailure? failure = await TrySendAsync(patch);
            HostTelemetry.OutboxDepth.Record(reported.DueCount);
            failures = failure is null ? 0 : failures + 1;
            if (failure is HubFailure.Timeout or HubFailure.ServerError)
            {
                Close();
                InDoubt?.Invoke();
            }

            if (failure is { } kind && (IsClosed() || !await PauseAsync(failures, kind)))
            {
                return;
            }
        }
    }

    private bool IsDone()
    {
        lock (_gate)
        {
            _busy = _again;
            _again = false;
            return !_busy;
        }
    }

    private bool IsClosed()
    {
        lock (_gate)
        {
            _busy = _open;
            return !_open;
        }
    }

    // Null when the hub has it.
    private async Task<HubFailure?> TrySendAsync(ReportPatch patch)
    {
        using Activity? span = StartSpan(patch);
        try
        {
            await hub.ReportAsync(patch.Json, _stopping.Token);
        }
        catch (HubException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            HostTelemetry.Reports.Add(1, new KeyValuePair<string, object?>(HostTelemetry.Tags.Outcome, e.Failure.ToString()));
            if (e.IsTransient)
            {
                ReportDelayed(e.Message);
                return e.Failure;
            }

            ReportRefused(e.Message);
            return await FindCulpritAsync(patch, e);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return HubFailure.NotConnected;
        }

        reported.Commit(patch);
        foreach (ReportPart part in patch.Parts)
        {
            _refused.Remove(part.Name);
        }

        HostTelemetry.Reports.Add(1, new KeyValuePair<string, object?>(HostTelemetry.Tags.Outcome, "acknowledged"));
        Acknowledged?.Invoke();
        return null;
    }

    // The hub refuses a patch whole. One section's mistake must not hold back the others: each is sent alone, and the one that fails says so in its place.
    private async Task<HubFailure?> FindCulpritAsync(ReportPatch patch, HubException refusal)
    {
        if (patch.Parts.Count > 1)
        {
            HubFailure? worst = null;
            foreach (ReportPart part in patch.Parts)
            {
                worst = reported.TakeOne(part.Name) is { } alone ? await TrySendAsync(alone) ?? worst : worst;
            }

            return worst;
        }

        if (patch.Parts.Count == 1 && _refused.Add(patch.Parts[0].Name))
        {
            reported.Refuse(patch.Parts[0].Name, new SectionError("", $"the hub refused the report: {refusal.Message}", ErrorCodes.ReportTooLarge));
            return null;
        }

        // Even the plain status was refused. Sending it in a circle helps nobody; the pauses grow, and the log says why.
        return refusal.Failure;
    }

    private async Task<bool> PauseAsync(int failures, HubFailure failure)
    {
        try
        {
            await Task.Delay(Pause(failures, failure), clock, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static Activity? StartSpan(ReportPatch patch)
    {
        if (!HostTelemetry.Source.HasListeners())
        {
            return null;
        }

        if (patch.Parts is [var only])
        {
            return HostTelemetry.Source.StartActivity(HostTelemetry.Spans.TwinReport, ActivityKind.Producer, only.Cause)
                ?.SetTag(HostTelemetry.Tags.Section, only.Name.ToString());
        }

        ActivityContext[] causes = [.. patch.Parts.Select(part => part.Cause).Where(cause => cause != default).Distinct()];
        return HostTelemetry.Source
            .StartActivity(HostTelemetry.Spans.TwinReport, ActivityKind.Producer, causes.FirstOrDefault(), links: causes.Skip(1).Select(cause => new ActivityLink(cause)))
            ?.SetTag(HostTelemetry.Tags.Section, string.Join(",", patch.Parts.Select(part => part.Name)));
    }

    private static TimeSpan Pause(int failures, HubFailure failure)
    {
        TimeSpan longest = failure == HubFailure.Throttled ? s_throttledPause * 6 : s_longestPause;
        TimeSpan least = failure == HubFailure.Throttled ? s_throttledPause : TimeSpan.Zero;
        TimeSpan ceiling = s_firstPause * Math.Pow(2, Math.Min(failures, 10));
        TimeSpan chosen = (ceiling < longest ? ceiling : longest) * Random.Shared.NextDouble();
        return chosen > least ? chosen : least + (chosen * 0.1);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The report waits: {Reason}")]
    private partial void ReportDelayed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The hub refused a report: {Reason}")]
    private partial void ReportRefused(string reason);
}
