using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Configurator.Platform.Linux.Systemd;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Reboot;

/// <summary>Reads and sets the two timers. A schedule counts as set when its timer is loaded and waits, not when its file exists.</summary>
internal sealed class RebootTimers(SystemBus bus, OperationContext context)
{
    private const string Folder = "/etc/systemd/system";
    private static readonly string[] s_systemctl = ["/usr/bin/systemctl", "/bin/systemctl"];
    private readonly ServiceManager _manager = new(bus);

    public (DateTimeOffset? Single, DateTimeOffset? Daily) Read() => (Read(RebootTimer.Single), Read(RebootTimer.Daily));

    public void Set(DateTimeOffset? single, DateTimeOffset? daily)
    {
        if ((single is { } s && !RebootTimer.CanHold(s)) || (daily is { } d && !RebootTimer.CanHold(d)))
        {
            throw ConfiguratorException.InvalidArgument("A reboot can be scheduled for the years 1970 to 2199.");
        }

        string systemctl = Array.Find(s_systemctl, File.Exists) ?? throw ConfiguratorException.NotSupported("This system has no systemctl.", string.Join(", ", s_systemctl));
        context.Step("write reboot units", () => FileFailures.Run("Writing the reboot timers", () =>
        {
            if (single is not null || daily is not null)
            {
                UnitFile(RebootTimer.Service).Write(RebootTimer.RenderService(systemctl));
            }

            Write(RebootTimer.Single, single is { } at ? RebootTimer.RenderSingle(at) : null);
            Write(RebootTimer.Daily, daily is { } first ? RebootTimer.RenderDaily(first) : null);
        }));

        // A timer that goes is stopped while its file is remembered; one that comes is started when its file is known.
        Clear(RebootTimer.Single, single);
        Clear(RebootTimer.Daily, daily);
        _manager.Reload();
        Start(RebootTimer.Single, single);
        Start(RebootTimer.Daily, daily);
        Verify(single, daily);
    }

    private static ConfigurationFile UnitFile(string unit) => new(Path.Combine(Folder, unit));

    private static void Write(string unit, string? text)
    {
        if (text is not null)
        {
            UnitFile(unit).Write(text);
        }
    }

    private static DateTimeOffset? ToSeconds(DateTimeOffset? moment) => moment is { } at ? DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds()) : null;

    private void Clear(string timer, DateTimeOffset? wanted)
    {
        if (wanted is not null || (UnitFile(timer).Read() is null && _manager.UnitFileState(timer) is null))
        {
            return;
        }

        if (_manager.Read(timer).Load != "not-found")
        {
            _manager.Stop(timer);
        }

        _manager.Disable(timer);
        context.Step("delete reboot unit", () => FileFailures.Run("Deleting a reboot timer", () => UnitFile(timer).Delete()));
    }

    private void Start(string timer, DateTimeOffset? wanted)
    {
        if (wanted is null)
        {
            return;
        }

        _manager.Enable(timer);
        // An active timer keeps the moment it was started with.
        _manager.Stop(timer);
        _manager.Start(timer);
    }

    private DateTimeOffset? Read(string timer)
    {
        string? text = context.Step("read reboot unit", () => FileFailures.Run("Reading a reboot timer", () => UnitFile(timer).Read()));
        return text is not null && RebootTimer.ReadAt(text) is { } at && _manager.UnitFileState(timer) == "enabled" && _manager.Read(timer).Runs && Waits(timer, at)
            ? at
            : null;
    }

    /// <summary>True when the manager goes by the file as it is now, and not by an earlier one: its own reckoning of the next moment agrees.</summary>
    private bool Waits(string timer, DateTimeOffset at)
    {
        const ulong MicrosecondsOfDay = 86_400_000_000;
        ulong moment = (ulong)((at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        List<TimerCalendar> calendars = _manager.ReadCalendars(timer);
        return timer == RebootTimer.Single
            ? at <= context.Clock.GetUtcNow() || calendars.Exists(calendar => calendar.NextElapse == moment)
            : calendars.Exists(calendar => calendar.NextElapse >= moment && calendar.NextElapse % MicrosecondsOfDay == moment % MicrosecondsOfDay);
    }

    private void Verify(DateTimeOffset? single, DateTimeOffset? daily)
    {
        (DateTimeOffset? Single, DateTimeOffset? Daily) now = Read();
        if (now.Single != ToSeconds(single) || now.Daily != ToSeconds(daily))
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, "The reboot timers were written, and systemd does not hold them as written.", "timer not enabled, not active or of another moment"));
        }
    }
}
