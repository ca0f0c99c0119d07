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
            UnitFile(RebootTimer.Service).Write(RebootTimer.RenderService(systemctl));
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
        DateTimeOffset? at = text is null ? null : RebootTimer.ReadAt(text);
        return at is not null && _manager.Read(timer).Runs && _manager.UnitFileState(timer) == "enabled" ? at : null;
    }

    private void Verify(DateTimeOffset? single, DateTimeOffset? daily)
    {
        (DateTimeOffset? Single, DateTimeOffset? Daily) now = Read();
        if (now.Single != ToSeconds(single) || now.Daily != ToSeconds(daily))
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, "The reboot timers were written, and systemd does not hold them as written.", "timer not active or not enabled"));
        }

        // The manager's own reading of the expressions: what it could not parse, it leaves out.
        if ((single is not null && _manager.ReadCalendars(RebootTimer.Single).Count == 0) || (daily is not null && _manager.ReadCalendars(RebootTimer.Daily).Count == 0))
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, "systemd did not understand a reboot timer.", "TimersCalendar is empty"));
        }
    }
}
