using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Telemetry;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Methods;

/// <summary>Runs what goes on after a method answered 202, one at a time for each method, and reports how it ended.</summary>
internal sealed partial class LongWork(ReportedState reported, TimeProvider clock, ILogger<LongWork> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<SectionName, int> _reporting = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>True while work that reports in <paramref name="section"/> is under way.</summary>
    public bool IsRunning(SectionName section) => _reporting.ContainsKey(section);

    /// <summary>Begins the work; false when the method's last work still runs.</summary>
    public bool TryStart(IMethodOwner owner, Func<CancellationToken, Task<WorkResult>> work, DateTimeOffset received)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_stopping.IsCancellationRequested || !_running.TryAdd(owner.Name, gate.Task))
        {
            return false;
        }

        string? traceId = Activity.Current?.TraceId.ToString();
        if (owner.Reports is { } section)
        {
            _reporting[section] = 1;
            reported.Set(section, null, new SectionStatus(received, SectionState.Pending, null, traceId));
        }

        _ = RunAsync(owner, work, received, Activity.Current?.Context ?? default, gate);
        return true;
    }

    /// <summary>Gives up what runs. What was pending is reported as failed after the next start.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await _stopping.CancelAsync();
        try
        {
            await Task.WhenAll(_running.Values).WaitAsync(limit, clock);
        }
        catch (TimeoutException)
        {
            WorkLeftBehind(string.Join(", ", _running.Keys));
        }
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(IMethodOwner owner, Func<CancellationToken, Task<WorkResult>> work, DateTimeOffset received, ActivityContext cause, TaskCompletionSource gate)
    {
        await Task.Yield();
        using Activity? span = HostTelemetry.Source.StartActivity($"{HostTelemetry.Spans.MethodWork} {owner.Name}", ActivityKind.Internal, cause);
        span?.SetTag(HostTelemetry.Tags.PluginId, owner.PluginId).SetTag(HostTelemetry.Tags.Method, owner.Name);
        string? traceId = span?.TraceId.ToString() ?? (cause.TraceId == default ? null : cause.TraceId.ToString());
        try
        {
            WorkResult result = await owner.RunWorkAsync(work, _stopping.Token);
            if (result.Outcome.Outcome != ApplyOutcome.Completed)
            {
                string errors = string.Join("; ", result.Outcome.Errors);
                span?.SetStatus(ActivityStatusCode.Error, errors);
                WorkFailed(owner.Name, errors);
            }

            if (owner.Reports is { } section)
            {
                reported.Set(section, result.Report, SectionStatus.From(result.Outcome, received, null, traceId));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            WorkStopped(owner.Name);
        }
        catch (Exception e)
        {
            // Plugin faults are results by here; this is one of our own, and the section must not stay pending for it.
            WorkFaulted(e, owner.Name);
            if (owner.Reports is { } section)
            {
                reported.Set(section, null, SectionStatus.Failed(received, null, traceId, [new SectionError("", "the runtime failed; see the device log", e.HResult, ErrorSubSystem.Unknown)]));
            }
        }
        finally
        {
            _running.TryRemove(owner.Name, out _);
            if (owner.Reports is { } section)
            {
                _reporting.TryRemove(section, out _);
            }

            gate.SetResult();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The work of method {Method} failed: {Errors}")]
    private partial void WorkFailed(string method, string errors);

    [LoggerMessage(Level = LogLevel.Error, Message = "The work of method {Method} failed in the runtime")]
    private partial void WorkFaulted(Exception exception, string method);

    [LoggerMessage(Level = LogLevel.Information, Message = "The work of method {Method} was stopped with the runtime")]
    private partial void WorkStopped(string method);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The work of {Methods} did not stop in time")]
    private partial void WorkLeftBehind(string methods);
}
