using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// Follows the hub's desired properties and hands each change to its section's worker. One loop does all of it, in the order in which things arrived:
/// connect, fetch, patch, patch.
/// </summary>
internal sealed partial class TwinEngine(
    IHubConnection hub, SectionTable sections, ReportedState reported, ReportSender sender, TwinMemory memory, RuntimeReport runtimeReport,
    IEnumerable<ITwinObserver> observers, TimeProvider clock, ILogger<TwinEngine> logger) : IDisposable
{
    private static readonly TimeSpan s_fetchAgain = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_afterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_rememberAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(5);

    // The loop goes on where an event arrives: it only merges and hands over, and waking a thread for that would cost more than all of it.
    private readonly Channel<TwinEvent> _events = Channel.CreateBounded<TwinEvent>(
        new BoundedChannelOptions(256) { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _daily;
    private ITimer? _remember;
    private ITimer? _again;
    private Task _loop = Task.CompletedTask;
    private long _version;
    private bool _following;
    private bool _fetchedOnce;
    private volatile bool _missed;
    private bool _remembering;

    /// <summary>Begins: puts back what an earlier run knew, and applies what the device forgot at power-off without waiting for the hub.</summary>
    public void Start()
    {
        memory.Restore(sections, reported);

        // From here on the record may be behind the device, and says so.
        memory.Save(sections, reported);
        reported.Due += sender.Kick;
        sender.Acknowledged += RememberSoon;
        sender.InDoubt += FetchAgain;
        sections.Settled += OnSettled;
        sections.TurnedPending += runtimeReport.RefreshSummary;
        runtimeReport.Update(sections.Desired);
        DateTimeOffset now = clock.GetLocalNow();
        foreach (SectionWorker worker in sections.InOrder.Where(worker => worker.Owner.ApplyAtBoot))
        {
            if (sections.Desired[worker.Name] is { } value && !DesiredState.IsRefreshing(value))
            {
                worker.Post(new SectionWork(SectionWorkKind.Apply, value, 0, [], now, default));
            }
        }

        _remember = clock.CreateTimer(_ => Enqueue(new TwinEvent(TwinEventKind.Remember)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _again = clock.CreateTimer(_ => Connected(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _daily = clock.CreateTimer(_ => Enqueue(new TwinEvent(TwinEventKind.Fetch)), null, s_fetchAgain, s_fetchAgain);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Ends: waits for running sections within a limit, and remembers what is known.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        reported.Due -= sender.Kick;
        sender.InDoubt -= FetchAgain;
        sections.Settled -= OnSettled;
        sections.TurnedPending -= runtimeReport.RefreshSummary;
        await sections.StopAsync(s_stopLimit, clock);
        await sender.StopAsync();
        memory.Save(sections, reported, clean: sections.InOrder.All(worker => worker.Idle.IsCompleted));
    }

    /// <summary>The hub can be reached, and every later patch will be told.</summary>
    public void Connected() => Enqueue(new TwinEvent(TwinEventKind.Connected));

    /// <summary>The hub cannot be reached any more.</summary>
    public void Disconnected()
    {
        sender.Close();
        Enqueue(new TwinEvent(TwinEventKind.Disconnected));
    }

    /// <summary>A desired patch arrived.</summary>
    public void Patched(ReadOnlyMemory<byte> patch) => Enqueue(new TwinEvent(TwinEventKind.Patch, patch, clock.GetLocalNow()));

    /// <summary>Reads every section, desired or not, and reports it (original client contract, C22). Ends when all are reported or have failed.</summary>
    public async Task ReportAllAsync(CancellationToken cancellationToken)
    {
        var work = new SectionWork(SectionWorkKind.Read, default, 0, [], clock.GetLocalNow(), Activity.Current?.Context ?? default);
        foreach (SectionWorker worker in sections.InOrder)
        {
            worker.Post(work);
        }

        await Task.WhenAll(sections.InOrder.Select(worker => worker.Idle)).WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _daily?.Dispose();
        _remember?.Dispose();
        _again?.Dispose();
        _stopping.Dispose();
    }

    private void Enqueue(TwinEvent item)
    {
        bool written = _events.Writer.TryWrite(item);
        if (!written && item.Kind == TwinEventKind.Remember)
        {
            Volatile.Write(ref _remembering, false);
        }

        // A full queue means the loop is far behind; a patch that is left out is made good by fetching the whole twin.
        if (!written && item.Kind is TwinEventKind.Patch or TwinEventKind.Connected or TwinEventKind.Fetch)
        {
            _missed = true;
            QueueFull();
        }
    }

    private async Task LoopAsync()
    {
        try
        {
            await foreach (TwinEvent item in _events.Reader.ReadAllAsync(_stopping.Token))
            {
                await HandleSafelyAsync(item);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end that Stop asked for.
        }
    }

    private async Task HandleSafelyAsync(TwinEvent item)
    {
        try
        {
            await HandleAsync(item);
            if (_missed && hub.IsConnected)
            {
                _missed = false;
                await FetchAsync();
            }
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            // A boundary: one message, however odd, must not end the loop. What it was about is found by fetching the whole twin in a while.
            EventFailed(e, item.Kind);
            _following = false;
            _again?.Change(s_afterFailure, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task HandleAsync(TwinEvent item)
    {
        switch (item.Kind)
        {
            case TwinEventKind.Connected:
                await FetchAsync();
                break;
            case TwinEventKind.Fetch when _following:
                await FetchAsync();
                break;
            case TwinEventKind.Disconnected:
                _following = false;
                break;
            case TwinEventKind.Patch when _following:
                await PatchAsync(item);
                break;
            case TwinEventKind.Remember:
                Volatile.Write(ref _remembering, false);
                await Task.Run(() => memory.Save(sections, reported), _stopping.Token);
                break;
            default:
                break;
        }
    }

    private async Task PatchAsync(TwinEvent item)
    {
        long version = VersionOf(item.Patch);
        if (version != 0 && version <= _version)
        {
            PatchIsOld(version, _version);
            return;
        }

        if (version != _version + 1)
        {
            PatchesMissing(_version, version);
            await FetchAsync();
            return;
        }

        using Activity? span = HostTelemetry.Source.StartActivity(HostTelemetry.Spans.TwinReceive, ActivityKind.Consumer);
        span?.SetTag(HostTelemetry.Tags.TwinVersion, version);
        List<SectionChange> changes;
        bool fetchWhole;
        try
        {
            changes = sections.Desired.Merge(item.Patch, out fetchWhole);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            PatchUnreadable(e);
            await FetchAsync();
            return;
        }

        _version = version;
        PostAll(changes, item.Received, span?.Context ?? default);
        Observe(observer => observer.OnPatch(item.Patch));
        runtimeReport.Update(sections.Desired);

        // A replace of the whole twin arrives in the same form as a patch and need not name what it removed (IoT Hub wire specification, 3.5).
        if (fetchWhole || (changes.Count > 1 && sections.Desired.Count == changes.Count))
        {
            await FetchAsync();
        }
    }

    // 0, and with it the whole twin, for what is not even JSON.
    private long VersionOf(ReadOnlyMemory<byte> patch)
    {
        try
        {
            return HubTwin.VersionOf(patch.Span);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            PatchUnreadable(e);
            return 0;
        }
    }

    private async Task FetchAsync()
    {
        _following = false;
        for (int failures = 0; hub.IsConnected; failures++)
        {
            try
            {
                Take(await hub.GetTwinAsync(_stopping.Token));
                return;
            }
            catch (HubException e)
            {
                FetchFailed(e.Message);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                TwinUnreadable(e);
            }

            double seconds = Math.Min(30, 0.2 * Math.Pow(2, failures)) * (0.5 + (Random.Shared.NextDouble() / 2));
            await Task.Delay(TimeSpan.FromSeconds(seconds), clock, _stopping.Token);
        }
    }

    private void Take(HubTwin twin)
    {
        using Activity? span = HostTelemetry.Source.StartActivity(HostTelemetry.Spans.TwinReceive, ActivityKind.Consumer);
        span?.SetTag(HostTelemetry.Tags.TwinVersion, twin.DesiredVersion);
        List<SectionChange> changes = sections.Desired.Replace(twin.Desired);
        reported.SetAcknowledged(twin.Reported, sections.IsOurs);
        _version = twin.DesiredVersion;
        _following = true;
        var changed = changes.ToDictionary(change => change.Name);
        List<SectionChange> due =
            [.. sections.InOrder.Select(worker => changed.TryGetValue(worker.Name, out SectionChange? change) ? change : Unchanged(worker)).OfType<SectionChange>()];
        sections.EndInterruptedWork(reported, clock, due.Select(change => change.Name).ToHashSet());
        PostAll(due, clock.GetLocalNow(), span?.Context ?? default);
        _fetchedOnce = true;
        runtimeReport.Update(sections.Desired);
        Observe(observer => observer.OnTwin(twin));
        sender.Open();
        TwinTaken(twin.DesiredVersion, sections.Desired.Count);
    }

    // A section whose desired value is what it was is applied only when the device may not be what it says.
    private SectionChange? Unchanged(SectionWorker worker)
    {
        if (sections.Desired[worker.Name] is not { } value)
        {
            return worker.TargetHash is null ? null : new SectionChange(worker.Name, null, []);
        }

        bool firstOfRun = !_fetchedOnce && worker.Result is null;
        bool mustApply = worker.TargetHash != ValueHash.Of(value)
            || (firstOfRun && (!worker.IsCompleted || reported.StatusOf(worker.Name) is null or { State: SectionState.Pending }));
        return mustApply ? new SectionChange(worker.Name, value, []) : null;
    }

    private void PostAll(IReadOnlyList<SectionChange> changes, DateTimeOffset received, ActivityContext cause)
    {
        foreach (SectionChange change in sections.Sort(changes))
        {
            SectionWorker worker = sections[change.Name];
            if (change.Value is not { } value)
            {
                worker.Post(new SectionWork(SectionWorkKind.Remove, default, _version, [], received, cause));
            }
            else if (!DesiredState.IsRefreshing(value))
            {
                worker.Post(new SectionWork(SectionWorkKind.Apply, value, _version, change.ChangedPaths, received, cause));
            }
        }
    }

    private void OnSettled(SectionWorker worker)
    {
        if (worker.Result is { Outcome: ApplyOutcome.Completed })
        {
            foreach (SectionWorker waiting in sections.WaitingFor(worker))
            {
                waiting.RetryNow();
            }
        }

        runtimeReport.RefreshSummary();
        RememberSoon();
    }

    private void FetchAgain() => Enqueue(new TwinEvent(TwinEventKind.Fetch));

    // Armed once and not pushed back: a device that changes all the time must be remembered too.
    private void RememberSoon()
    {
        if (!Interlocked.Exchange(ref _remembering, true))
        {
            _remember?.Change(s_rememberAfter, Timeout.InfiniteTimeSpan);
        }
    }

    private void Observe(Action<ITwinObserver> tell)
    {
        foreach (ITwinObserver observer in observers)
        {
            tell(observer);
        }
    }

    private readonly record struct TwinEvent(TwinEventKind Kind, ReadOnlyMemory<byte> Patch = default, DateTimeOffset Received = default);

    private enum TwinEventKind
    {
        Connected,
        Disconnected,
        Patch,
        Fetch,
        Remember,
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Desired version {Version} taken: {Count} sections are desired")]
    private partial void TwinTaken(long version, int count);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Desired patch {Version} is not newer than {Known} and is dropped")]
    private partial void PatchIsOld(long version, long known);

    [LoggerMessage(Level = LogLevel.Information, Message = "Desired patches between {Known} and {Version} are missing: the whole twin is fetched")]
    private partial void PatchesMissing(long known, long version);

    [LoggerMessage(Level = LogLevel.Error, Message = "A desired patch is not JSON: the whole twin is fetched")]
    private partial void PatchUnreadable(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The twin engine failed at {Event}; the whole twin will be fetched")]
    private partial void EventFailed(Exception exception, TwinEventKind @event);

    [LoggerMessage(Level = LogLevel.Error, Message = "The hub's twin is not JSON")]
    private partial void TwinUnreadable(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The twin could not be fetched and will be tried again: {Reason}")]
    private partial void FetchFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Twin events arrive faster than they are handled: the whole twin will be fetched")]
    private partial void QueueFull();
}
