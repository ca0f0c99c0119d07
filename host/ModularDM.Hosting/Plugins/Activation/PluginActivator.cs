using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Hosting.Plugins.Calls;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>
/// Brings one plugin to life at its first use and to rest at the end. A failed attempt is made again at a later use, after a wait that doubles each time.
/// </summary>
internal sealed partial class PluginActivator(Plugin plugin, PluginServices services) : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(5);
    private static long s_order;
    private readonly ILogger _logger = services.Loggers.CreateLogger<PluginActivator>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private volatile PluginInstance? _instance;
    private Task<PluginInstance>? _attempt;
    private PluginLoadContext? _code;
    private int _failures;
    private long _failedAt;
    private bool _stopped;

    /// <summary>When the plugin became active, counted over all plugins; 0 if it never was. Plugins stop in the reverse order.</summary>
    public long Order { get; private set; }

    /// <summary>The living plugin.</summary>
    /// <exception cref="PluginException">There is none: it failed, is quarantined, or was stopped.</exception>
    public async ValueTask<PluginInstance> GetAsync(CancellationToken cancellationToken)
    {
        if (plugin.Status is { State: PluginState.Quarantined, Reason: { } reason })
        {
            throw new PluginException(reason);
        }

        return _instance ?? await Attempt().WaitAsync(cancellationToken);
    }

    /// <summary>Activates without anyone waiting for it; a failure is in the plugin's state.</summary>
    public void Begin() => _ = Attempt().ContinueWith(
        static attempt => _ = attempt.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Ends the background work and lets the plugin go. May be called twice; waits no longer than the limits of each part.</summary>
    public async Task StopAsync()
    {
        Task<PluginInstance>? attempt;
        lock (_gate)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            attempt = _attempt;
        }

        await _stopping.CancelAsync();
        if (attempt is not null)
        {
            // It is bounded; how it ended is already in the state.
            await attempt.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        string? problem = null;
        bool wasActive = _instance is not null && plugin.Status.State == PluginState.Active;
        if (wasActive)
        {
            problem = await StopPartsAsync(_instance!);
        }

        bool clean = plugin.Status.State is not PluginState.Quarantined;
        if (wasActive || plugin.Status.State is PluginState.Discovered or PluginState.Faulted)
        {
            plugin.MoveTo(PluginState.Stopped, problem);
        }

        plugin.Leases.RevokeBackground();
        if (clean)
        {
            // A quarantined plugin may still be running; its code is not lent to anyone else.
            _code?.Return();
        }

        _code = null;
        _instance = null;
    }

    public void Dispose() => _stopping.Dispose();

    private Task<PluginInstance> Attempt()
    {
        lock (_gate)
        {
            if (_stopped)
            {
                throw new PluginException("the runtime is stopping");
            }

            if (_attempt is { IsCompleted: false } or { IsCompletedSuccessfully: true })
            {
                return _attempt;
            }

            if (_failures > 0)
            {
                TimeSpan wait = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, _failures - 1), s_longestWait.TotalSeconds)) - services.Clock.GetElapsedTime(_failedAt);
                if (wait > TimeSpan.Zero)
                {
                    throw PluginException.RetryLater(plugin.Status.Reason ?? "", wait);
                }
            }

            return _attempt = ActivateAsync();
        }
    }

    private async Task<PluginInstance> ActivateAsync()
    {
        // Off the caller's thread, and out of the lock that it holds.
        await Task.Yield();
        using Activity? span = HostTelemetry.Source.StartActivity($"{HostTelemetry.Spans.PluginActivate} {plugin.Found.Id}");
        span?.SetTag(HostTelemetry.Tags.PluginId, plugin.Found.Id);
        long began = services.Clock.GetTimestamp();
        try
        {
            plugin.Leases.BeginBackground();
            PluginInstance instance = await ComposeAsync();
            await StartPartsAsync(instance);
            if (!plugin.MoveTo(PluginState.Active, null))
            {
                throw new PluginException(plugin.Status.Reason ?? "the runtime is stopping");
            }

            (Order, _failures) = (Interlocked.Increment(ref s_order), 0);
            _instance = instance;
            PluginActivated(plugin.Found.Id, services.Clock.GetElapsedTime(began).TotalMilliseconds);
            return instance;
        }
        catch (PluginException e)
        {
            plugin.Leases.RevokeBackground();
            (_failures, _failedAt) = (_failures + 1, services.Clock.GetTimestamp());
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            if (!_stopping.IsCancellationRequested && plugin.MoveTo(PluginState.Faulted, e.Message))
            {
                PluginFaulted(plugin.Found.Id, e.Message, e);
            }

            throw;
        }
    }

    private async Task<PluginInstance> ComposeAsync()
    {
        TimeSpan limit = TimeSpan.FromSeconds(services.Options.StartSeconds);
        CallOutcome<PluginInstance> outcome = await plugin.RunAsync("construction", limit, false, _ => Task.FromResult(Compose()), _stopping.Token);
        return outcome switch
        {
            { End: CallEnd.Returned, Value: { } instance } => instance,
            { End: CallEnd.Threw, Exception: PluginException known } => throw known,
            { End: CallEnd.Threw, Exception: { } unknown } => throw new PluginException(PluginException.Words(unknown), unknown),
            { End: CallEnd.Cancelled } => throw new PluginException("the runtime is stopping"),
            _ => throw PluginException.OutOfTime("construction", limit),
        };
    }

    private PluginInstance Compose()
    {
        if (_code is null)
        {
            _code = PluginLoadContext.Rent(plugin.Found.Id, plugin.Found.AssemblyPath);
            _code.OnUnhandled = plugin.OnUnhandled;
        }

        var shared = new LeasedServices(plugin.Found.Id, plugin.Found.OwnedSections, plugin.Leases, services.Host);
        var context = new PluginContext(plugin.Found.Id, services.Options, plugin.Leases, shared, services.Loggers, services.Clock);
        return PluginComposer.Compose(plugin.Found, _code, new HostServicesExportProvider(context, services.Loggers));
    }

    private async Task StartPartsAsync(PluginInstance instance)
    {
        TimeSpan limit = TimeSpan.FromSeconds(services.Options.StartSeconds);
        foreach (IPluginLifecycle part in instance.Lifecycles)
        {
            string type = part.GetType().FullName!;
            CallOutcome<bool> outcome = await plugin.RunAsync($"StartAsync of {type}", limit, false, token => Done(part.StartAsync(token)), _stopping.Token);
            if (outcome.End == CallEnd.Returned)
            {
                continue;
            }

            if (plugin.Status.State != PluginState.Quarantined)
            {
                // Those that started are to be left in order, and the one that failed may have begun something.
                await StopPartsAsync(instance);
            }

            throw outcome.End switch
            {
                CallEnd.Threw => PluginException.StartThrew(type, outcome.Exception!),
                CallEnd.Cancelled => new PluginException("the runtime is stopping"),
                _ => PluginException.OutOfTime($"StartAsync of {type}", limit),
            };
        }
    }

    private async Task<string?> StopPartsAsync(PluginInstance instance)
    {
        string? problem = null;
        TimeSpan limit = TimeSpan.FromSeconds(services.Options.StopSeconds);
        foreach (IPluginLifecycle part in instance.Lifecycles.Reverse())
        {
            await RunAsync($"StopAsync of {part.GetType().FullName}", token => Done(part.StopAsync(token)));
        }

        await RunAsync("Dispose", _ =>
        {
            instance.Dispose();
            return Task.FromResult(true);
        });
        return problem;

        async Task RunAsync(string what, Func<CancellationToken, Task<bool>> code)
        {
            CallOutcome<bool> outcome = await plugin.RunAsync(what, limit, false, code, CancellationToken.None);
            if (outcome.End != CallEnd.Returned)
            {
                problem ??= outcome.Exception is { } thrown ? $"{what} threw {PluginException.Words(thrown)}" : PluginException.OutOfTime(what, limit).Message;
                PluginStopFailed(plugin.Found.Id, problem, outcome.Exception);
            }
        }
    }

    private static async Task<bool> Done(Task? task)
    {
        await (task ?? throw new InvalidOperationException("The plugin returned null for a task."));
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} is active after {Milliseconds:0} ms")]
    private partial void PluginActivated(string plugin, double milliseconds);

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} could not be activated: {Reason}")]
    private partial void PluginFaulted(string plugin, string reason, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Plugin {Plugin} did not stop in good order: {Reason}")]
    private partial void PluginStopFailed(string plugin, string reason, Exception? exception);
}
