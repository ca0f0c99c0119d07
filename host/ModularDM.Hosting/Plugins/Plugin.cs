using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModularDM.Hosting.Configurator;
using ModularDM.Hosting.Plugins.Activation;
using ModularDM.Hosting.Plugins.Calls;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Plugins;

/// <summary>One plugin that was accepted: its state, its threads and leases, and the way in for every call.</summary>
internal sealed partial class Plugin : IDisposable
{
    private readonly PluginServices _services;
    private readonly ILogger _logger;
    private readonly CrashMarker.Slot _marker;
    private readonly PluginScheduler _calls, _work;
    private readonly PluginActivator _activator;
    private readonly Lock _gate = new();
    private volatile PluginStatus _status;

    public Plugin(FoundPlugin found, PluginServices services)
    {
        (Found, _services) = (found, services);
        _logger = services.Loggers.CreateLogger<Plugin>();
        _marker = services.Marker.SlotOf(found.Id);
        _calls = new PluginScheduler(found.Id, services.Options.MaxConcurrentCalls, services.Options.MaxWaitingCalls);
        // Long work has a lane of its own, so that it does not keep sections waiting.
        _work = new PluginScheduler($"{found.Id} work", services.Options.MaxConcurrentCalls, services.Options.MaxWaitingCalls);
        Leases = new PluginLeases(found.Id, services.Host.GetRequiredService<IConfiguratorChannel>);
        _activator = new PluginActivator(this, services);
        int deaths = _marker.Deaths;
        bool deadly = deaths >= services.Options.MaxDeaths;
        _status = new PluginStatus(
            found.Id,
            found.Manifest!.Version,
            deadly ? PluginState.Quarantined : PluginState.Discovered,
            deadly ? $"the process died {deaths} times while this plugin was running" : null,
            [.. found.Sections.Select(s => s.Name.ToString())],
            [.. found.Methods.Select(m => m.Name)]);
        PluginTelemetry.Moved(null, _status.State);
        if (deadly)
        {
            // For this start only: the next one tries it again, since nobody here can tell who ended the process.
            _marker.Clear();
            PluginQuarantined(found.Id, _status.Reason!, null);
        }
    }

    /// <summary>Raised after the state changed.</summary>
    public event Action? Changed;

    public FoundPlugin Found { get; }

    public PluginStatus Status => _status;

    public PluginLeases Leases { get; }

    /// <summary>Calls the plugin's code, activating it first if need be.</summary>
    /// <param name="what">For the log, as <c>apply contoso.fan</c>.</param>
    /// <param name="limit">How long the code may take.</param>
    /// <param name="isWork">True for the long work of a method.</param>
    /// <param name="code">The call.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<PluginAnswer<T>> CallAsync<T>(
        string what, TimeSpan limit, bool isWork, Func<PluginInstance, CancellationToken, Task<T>> code, CancellationToken cancellationToken)
    {
        PluginInstance instance;
        try
        {
            instance = await _activator.GetAsync(cancellationToken);
        }
        catch (PluginException e)
        {
            return new(default, PluginErrors.Unavailable(Found.Id, _status.State, e.Message));
        }

        CallOutcome<T> outcome = await RunAsync(what, limit, isWork, token => code(instance, token), cancellationToken);
        switch (outcome.End)
        {
            case CallEnd.Returned when outcome.Value is not null:
                return new(outcome.Value, null);
            case CallEnd.Cancelled:
            case CallEnd.Abandoned when cancellationToken.IsCancellationRequested:
                throw new OperationCanceledException(cancellationToken);
            case CallEnd.OutOfTime or CallEnd.Abandoned:
                PluginOutOfTime(Found.Id, what, limit, outcome.Exception);
                return new(default, PluginErrors.OutOfTime(limit, outcome.End == CallEnd.Abandoned), IsOutOfTime: true);
            case CallEnd.NotStarted:
                return new(default, PluginErrors.NotStarted(limit), IsOutOfTime: true);
            case CallEnd.Refused:
                return new(default, PluginErrors.QueueFull(_services.Options.MaxWaitingCalls));
            default:
                Exception fault = outcome.Exception ?? new InvalidOperationException("The plugin returned null.");
                Activity.Current?.AddException(fault);
                PluginCallFailed(Found.Id, what, Activity.Current?.TraceId.ToString() ?? "", fault);
                return new(default, PluginErrors.From(fault));
        }
    }

    /// <summary>When it became active, counted over all plugins; 0 if it never was.</summary>
    public long ActivationOrder => _activator.Order;

    public void BeginActivation() => _activator.Begin();

    public Task StopAsync() => _activator.StopAsync();

    public void Dispose()
    {
        _activator.Dispose();
        _calls.Dispose();
        _work.Dispose();
        PluginTelemetry.Moved(_status.State, null);
    }

    /// <summary>Runs code of the plugin on its own threads under a lease of its own; a call that is given up quarantines the plugin.</summary>
    internal async Task<CallOutcome<T>> RunAsync<T>(
        string what, TimeSpan limit, bool isWork, Func<CancellationToken, Task<T>> code, CancellationToken cancellationToken)
    {
        var call = new PluginCall<T>(
            what, isWork ? _work : _calls, _marker, Leases.BeginCall(), limit, _services.Options.Grace, _services.Clock, code, cancellationToken);
        CallOutcome<T> outcome = await call.RunAsync();
        if (outcome.End == CallEnd.Abandoned)
        {
            Leases.Revoke(call.Lease);
            Quarantine(
                cancellationToken.IsCancellationRequested
                    ? $"{what} went on after it was told to stop"
                    : $"{what} did not end within {limit.TotalSeconds:0.###} s and ignored its token",
                outcome.Exception);
        }

        return outcome;
    }

    /// <summary>The plugin broke a rule; it is not called again by this host.</summary>
    internal void Quarantine(string reason, Exception? cause)
    {
        if (MoveTo(PluginState.Quarantined, reason))
        {
            PluginQuarantined(Found.Id, reason, cause);
        }

        Leases.RevokeBackground();
    }

    /// <summary>Something that nobody caught came out of the plugin's code.</summary>
    internal void OnUnhandled(Exception exception) =>
        Quarantine($"an exception escaped on a thread of its own (async void, or a thread): {PluginException.Words(exception)}", exception);

    /// <summary>Changes the state; a quarantine and a stop are final, and false is returned.</summary>
    internal bool MoveTo(PluginState state, string? reason)
    {
        lock (_gate)
        {
            PluginStatus old = _status;
            if (old.State is PluginState.Stopped or PluginState.Quarantined)
            {
                return false;
            }

            _status = old with { State = state, Reason = reason };
            PluginTelemetry.Moved(old.State, state);
        }

        Changed?.Invoke();
        return true;
    }

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} is quarantined until the next start: {Reason}")]
    private partial void PluginQuarantined(string plugin, string reason, Exception? exception);

    [LoggerMessage(LogLevel.Error, "Plugin {Plugin} failed in {What} (trace {TraceId})")]
    private partial void PluginCallFailed(string plugin, string what, string traceId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Plugin {Plugin} did not end {What} within {Limit}")]
    private partial void PluginOutOfTime(string plugin, string what, TimeSpan limit, Exception? exception);
}
