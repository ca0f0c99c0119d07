using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// Runs one section: never two calls at once, always the newest desired value next, a read after every apply, and a status that does not stay pending.
/// </summary>
internal sealed partial class SectionWorker(ISectionOwner owner, ReportedState reported, TimeProvider clock, ILogger logger, CancellationToken stopping) : IDisposable
{
    /// <summary>A section that is done by then says nothing of having been pending.</summary>
    public static readonly TimeSpan PendingAfter = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromMinutes(5);
    private readonly Lock _gate = new();
    private readonly string _name = owner.Name.ToString();
    private readonly string _applySpan = $"{HostTelemetry.Spans.TwinApply} {owner.Name}", _readSpan = $"{HostTelemetry.Spans.SectionRead} {owner.Name}";
    private SectionWork? _next;
    private ValueHash? _target, _applied;
    private Task _running = Task.CompletedTask;
    private ITimer? _retry;
    private int _failures;

    /// <summary>Raised after a value was applied, whatever came out.</summary>
    public event Action<SectionWorker>? Settled;

    /// <summary>Raised after the section was reported pending.</summary>
    public event Action? TurnedPending;

    public ISectionOwner Owner => owner;

    public SectionName Name => owner.Name;

    /// <summary>Workers of the sections this one comes after.</summary>
    public IReadOnlyList<SectionWorker> Before { get; set; } = [];

    /// <summary>Why the section is refused; null when it is not.</summary>
    public SectionError? Refusal { get; set; }

    /// <summary>Hash of the value that was last asked to be applied; null when none was, or when it left desired.</summary>
    public string? TargetHash => _target?.Text;

    /// <summary>Hash of the value last applied, whatever came out; null when none was, or when it left desired.</summary>
    public string? AppliedHash => _applied?.Text;

    /// <summary>How the last apply of this run ended; null before the first.</summary>
    public ApplyResult? Result { get; private set; }

    /// <summary>True when what was last applied, in this run or the one before, completed.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Ends when nothing is running or waiting.</summary>
    public Task Idle
    {
        get
        {
            lock (_gate)
            {
                return _running;
            }
        }
    }

    /// <summary>Puts back what an earlier run applied.</summary>
    public void Restore(string? appliedHash, bool completed)
    {
        _target = _applied = appliedHash is null ? null : new ValueHash(appliedHash);
        IsCompleted = completed;
    }

    /// <summary>Asks for work. A call that runs is waited for; of what waits, the newest is done.</summary>
    public void Post(SectionWork work)
    {
        TaskCompletionSource? started = null;
        lock (_gate)
        {
            _next = work.Over(_next);
            if (work.Kind != SectionWorkKind.Read)
            {
                _target = work.Hash;
                _retry?.Dispose();
                _retry = null;
            }

            if (_running.IsCompleted && !stopping.IsCancellationRequested)
            {
                started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _running = started.Task;
            }
        }

        if (started is not null)
        {
            // Out of the lock, and on the poster's own thread until the first wait: a section's code runs on threads of its plugin's.
            _ = RunAsync(started);
        }
    }

    /// <summary>What stood in the way of a failed apply is gone: tries again without waiting. Nothing happens when none is waiting to be tried.</summary>
    public void RetryNow()
    {
        lock (_gate)
        {
            _retry?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _retry?.Dispose();
            _retry = null;
        }
    }

    private async Task RunAsync(TaskCompletionSource idle)
    {
        try
        {
            while (TakeNext(idle) is { } work)
            {
                await DoSafelyAsync(work);
                if (work.Kind != SectionWorkKind.Read)
                {
                    Settled?.Invoke(this);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            idle.TrySetResult();
        }
    }

    private async Task DoSafelyAsync(SectionWork work)
    {
        try
        {
            await DoAsync(work);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // A boundary: an error of our own must not leave the section pending, nor hold up what was posted meanwhile.
            WorkerFailed(e, Name);
            reported.Set(Name, null, SectionStatus.Failed(
                work.Received, work.Version > 0 ? work.Version : null, Activity.Current?.TraceId.ToString(), [new SectionError("", "the runtime failed; see the device log", e.HResult, ErrorSubSystem.Unknown)]));
        }
    }

    private SectionWork? TakeNext(TaskCompletionSource idle)
    {
        lock (_gate)
        {
            SectionWork? work = stopping.IsCancellationRequested ? null : _next;
            _next = null;
            if (work is null)
            {
                _running = Task.CompletedTask;
                idle.TrySetResult();
            }

            return work;
        }
    }

    private async Task DoAsync(SectionWork work)
    {
        using Activity? span = HostTelemetry.Source.StartActivity(_applySpan, ActivityKind.Internal, work.Cause);
        span?.SetTag(HostTelemetry.Tags.PluginId, owner.PluginId).SetTag(HostTelemetry.Tags.Section, _name).SetTag(HostTelemetry.Tags.TwinVersion, work.Version);
        long started = clock.GetTimestamp();
        await using ITimer pending = clock.CreateTimer(
            _ => SayPending(work, span), null, work.Kind == SectionWorkKind.Read ? Timeout.InfiniteTimeSpan : PendingAfter, Timeout.InfiniteTimeSpan);
        ApplyResult result = work.Kind == SectionWorkKind.Read ? ApplyResult.Completed : await ApplyAsync(work);
        SectionReading? reading = work.Kind == SectionWorkKind.Remove ? null : await ReadAsync();
        await pending.DisposeAsync();
        if (result.Outcome == ApplyOutcome.Completed && reading?.Error is { } error)
        {
            result = ApplyResult.Failed(error);
        }

        if (work.Kind != SectionWorkKind.Read)
        {
            (Result, _applied) = (result, work.Hash);
            IsCompleted = result.Outcome == ApplyOutcome.Completed;
        }

        Report(work, result, reading, span);
        var outcome = new KeyValuePair<string, object?>(HostTelemetry.Tags.Outcome, result.Outcome.ToString());
        var section = new KeyValuePair<string, object?>(HostTelemetry.Tags.Section, _name);
        HostTelemetry.Applies.Add(1, section, outcome);
        HostTelemetry.ApplyDuration.Record(clock.GetElapsedTime(started).TotalSeconds, section, outcome);
        ScheduleRetry(work, result);
    }

    private void Report(SectionWork work, ApplyResult result, SectionReading? reading, Activity? span)
    {
        if (result.Outcome != ApplyOutcome.Completed)
        {
            span?.SetStatus(ActivityStatusCode.Error, string.Join("; ", result.Errors));
            SectionFailed(Name, work.Version, string.Join("; ", result.Errors));
        }

        if (work.Kind == SectionWorkKind.Remove && result.Outcome == ApplyOutcome.Completed)
        {
            reported.Remove(Name);
            return;
        }

        (_, SectionError? tooLarge) = reported.Set(
            Name, reading?.Report, work.Kind == SectionWorkKind.Read ? StatusAfterRead(result, work, span) : Status(result, work, span));
        if (tooLarge is not null)
        {
            span?.SetStatus(ActivityStatusCode.Error, tooLarge.ToString());
            SectionFailed(Name, work.Version, tooLarge.ToString());
        }
    }

    // A read tells what is true. It makes no failed apply a good one, and takes no version away from a good one; null leaves the status as it is.
    private SectionStatus? StatusAfterRead(ApplyResult read, SectionWork work, Activity? span)
    {
        SectionStatus? known = reported.StatusOf(Name);
        bool applyFailed = known?.State == SectionState.Failed && !IsCompleted && _target is not null;
        return applyFailed || (known?.State == SectionState.Completed && read.Outcome == ApplyOutcome.Completed)
            ? null
            : SectionStatus.From(read, work.Received, known?.Version, TraceOf(span, work));
    }

    private static SectionStatus Status(ApplyResult result, SectionWork work, Activity? span) =>
        SectionStatus.From(result, work.Received, work.Version > 0 ? work.Version : null, TraceOf(span, work));

    private async Task<ApplyResult> ApplyAsync(SectionWork work)
    {
        if (Refusal is not null)
        {
            return ApplyResult.Failed(Refusal);
        }

        foreach (SectionWorker before in Before)
        {
            await before.Idle.WaitAsync(stopping);
            if (before.Result is { Outcome: not ApplyOutcome.Completed })
            {
                return ApplyResult.Failed(new SectionError("", $"waits for {before.Name}, which failed", ErrorCodes.DependencyFailed));
            }
        }

        using JsonDocument? value = work.Kind == SectionWorkKind.Apply ? JsonDocument.Parse(work.Value) : null;
        return await owner.ApplyAsync(
            new SectionDesired(Name, value?.RootElement ?? default, work.Version, work.ChangedPaths, work.Kind == SectionWorkKind.Remove), stopping);
    }

    private async Task<SectionReading> ReadAsync()
    {
        using Activity? span = HostTelemetry.Source.StartActivity(_readSpan);
        span?.SetTag(HostTelemetry.Tags.PluginId, owner.PluginId).SetTag(HostTelemetry.Tags.Section, _name);
        SectionReading reading = await owner.ReadAsync(stopping);
        if (reading.Error is { } error)
        {
            span?.SetStatus(ActivityStatusCode.Error, error.ToString());
        }

        return reading;
    }

    private void SayPending(SectionWork work, Activity? span)
    {
        reported.Set(Name, null, new SectionStatus(work.Received, SectionState.Pending, work.Version > 0 ? work.Version : null, TraceOf(span, work)));
        TurnedPending?.Invoke();
    }

    private static string? TraceOf(Activity? span, SectionWork work) =>
        span?.TraceId.ToString() ?? (work.Cause.TraceId == default ? null : work.Cause.TraceId.ToString());

    // What is out of reach now (root's service restarts, a plugin is started again) may be in reach soon. A value that is wrong stays wrong.
    private void ScheduleRetry(SectionWork work, ApplyResult result)
    {
        bool worthIt = work.Kind == SectionWorkKind.Apply && result.Outcome == ApplyOutcome.Failed
            && result.Errors.Any(error => error.Code is ErrorCodes.ConfiguratorUnavailable or ErrorCodes.PluginUnavailable or ErrorCodes.DependencyFailed) && Refusal is null;
        lock (_gate)
        {
            _failures = worthIt ? _failures + 1 : 0;
            if (!worthIt || _next is not null || stopping.IsCancellationRequested)
            {
                return;
            }

            TimeSpan wait = s_firstRetry * Math.Pow(2, Math.Min(_failures - 1, 10));
            _retry?.Dispose();
            _retry = clock.CreateTimer(
                _ => Post(work with { ChangedPaths = [] }), null, wait < s_longestRetry ? wait : s_longestRetry, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Section {Section} of desired version {Version} failed: {Errors}")]
    private partial void SectionFailed(SectionName section, long version, string errors);

    [LoggerMessage(Level = LogLevel.Error, Message = "The worker of section {Section} failed")]
    private partial void WorkerFailed(Exception exception, SectionName section);
}
