using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>
/// The Reboot CSP in front of the simulated device, which also keeps the schedules. Inhibitors are files <c>inhibitors/*.txt</c> in the state folder, each
/// with a line "who: why".
/// </summary>
internal sealed class SimulatedRebootArea : IRebootArea, IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);
    private readonly CspRebootSchedule _csp;
    private readonly SimulatedDevice _device;
    private readonly SimulatedFaults _faults;
    private readonly string _inhibitors;
    private readonly TimeProvider _clock;
    private readonly Func<DateTimeOffset> _localTime;
    private readonly ITimer _schedule;
    private readonly Lock _gate = new();
    private (string Reason, TimeSpan Grace) _command = ("commanded", TimeSpan.Zero);

    public SimulatedRebootArea(
        SimulatedCspTransport transport, SimulatedDevice device, SimulatedFaults faults, string folder, TimeProvider clock, Func<DateTimeOffset> localTime)
    {
        _csp = new CspRebootSchedule(new CspClient(transport));
        _device = device;
        _faults = faults;
        _inhibitors = Path.Combine(folder, "inhibitors");
        _clock = clock;
        _localTime = localTime;
        Directory.CreateDirectory(_inhibitors);
        transport.Executed = node =>
        {
            if (node == LocUri.Normalize(CspRebootSchedule.RebootNowNode))
            {
                _device.ScheduleReboot(_command.Reason, _command.Grace);
            }
        };
        _schedule = clock.CreateTimer(_ => OnSchedule(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Watch();
    }

    public DateTimeOffset ReadLastBoot(OperationContext context)
    {
        _faults.Apply("reboot", context);
        return _device.Current.LastBoot!.Value;
    }

    public (DateTimeOffset? Single, DateTimeOffset? Daily) ReadSchedule(OperationContext context) => _csp.Read(context);

    public void SetSchedule(DateTimeOffset? single, DateTimeOffset? daily, OperationContext context)
    {
        _csp.Set(single, daily, context);
        Watch();
    }

    public IReadOnlyList<string> ReadInhibitors(OperationContext context) => context.Step("list inhibitors", () =>
        Directory.EnumerateFiles(_inhibitors, "*.txt")
            .Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0)
            .ToList());

    public DateTimeOffset ReadLocalTime(OperationContext context) => _localTime();

    public void RebootNow(string reason, TimeSpan grace, OperationContext context)
    {
        lock (_gate)
        {
            // The CSP takes neither a reason nor a grace; the simulated device does, so that a test need not wait five minutes.
            _command = (reason, grace);
            _csp.RebootNow(context);
        }
    }

    /// <summary>A schedule was set or taken back.</summary>
    public void ScheduleChanged() => Watch();

    public void Dispose() => _schedule.Dispose();

    private void OnSchedule()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        if (NextDue(_device.Current.LastBoot ?? now) is { } due && due <= now)
        {
            _device.ScheduleReboot("schedule", TimeSpan.Zero);
        }

        Watch();
    }

    private void Watch()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        if (NextDue(now) is { } due)
        {
            TimeSpan wait = due - now;
            _schedule.Change(wait < s_longestWait ? wait : s_longestWait, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _schedule.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The first scheduled moment after <paramref name="after"/>.</summary>
    private DateTimeOffset? NextDue(DateTimeOffset after)
    {
        DateTimeOffset? single = Stored(CspRebootSchedule.SingleNode);
        DateTimeOffset?[] dates =
        [
            single > after ? single : null, Next(Stored(CspRebootSchedule.DailyNode), after, days: 1), Next(Stored(CspRebootSchedule.WeeklyNode), after, days: 7),
        ];
        return dates.Min();
    }

    private static DateTimeOffset? Next(DateTimeOffset? first, DateTimeOffset after, int days) =>
        first is { } start && start <= after ? start.AddDays((Math.Floor((after - start).TotalDays / days) + 1) * days) : first;

    private DateTimeOffset? Stored(string node) =>
        _device.Current.Nodes.TryGetValue(LocUri.Normalize(node), out string? text) && text is not null && CspDate.TryParse(text, out DateTimeOffset date) ? date : null;
}
