using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Systemd;

/// <summary>systemd's manager: units and unit files. What starts or stops a unit returns when the job is over.</summary>
internal sealed class ServiceManager(SystemBus bus)
{
    private bool _subscribed;

    public void Start(string unit) => RunJob("StartUnit", unit);

    public void Stop(string unit) => RunJob("StopUnit", unit);

    /// <summary>Restarts the unit if it runs; a stopped one stays stopped.</summary>
    public void TryRestart(string unit) => RunJob("TryRestartUnit", unit);

    public void Enable(string unit) => bus.Call(DBusObject.Systemd, "EnableUnitFiles", writer => writer.Strings(unit).Bool(false).Bool(true));

    public void Disable(string unit) => bus.Call(DBusObject.Systemd, "DisableUnitFiles", writer => writer.Strings(unit).Bool(false));

    public void Mask(string unit) => bus.Call(DBusObject.Systemd, "MaskUnitFiles", writer => writer.Strings(unit).Bool(false).Bool(true));

    public void Unmask(string unit) => bus.Call(DBusObject.Systemd, "UnmaskUnitFiles", writer => writer.Strings(unit).Bool(false));

    /// <summary>Makes the manager read its unit files again.</summary>
    public void Reload() => bus.Call(DBusObject.Systemd, "Reload");

    /// <summary>enabled, disabled, masked and so on; null when there is no such unit file.</summary>
    public string? UnitFileState(string unit)
    {
        try
        {
            return bus.Call(DBusObject.Systemd, "GetUnitFileState", writer => writer.String(unit), reader => reader.String());
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>What the manager knows of a unit, loading it if need be; an unknown one has load state <c>not-found</c>.</summary>
    public UnitState Read(string unit)
    {
        DBusObject loaded = Load(unit) with { Interface = "org.freedesktop.systemd1.Unit" };
        return new UnitState(
            bus.Get(loaded, "LoadState", "s", reader => reader.String()),
            bus.Get(loaded, "ActiveState", "s", reader => reader.String()),
            bus.Get(loaded, "ConditionResult", "b", reader => reader.Bool()));
    }

    /// <summary>The realtime expressions of a timer as the manager has parsed them: base, expression, microseconds of the next elapse.</summary>
    public List<TimerCalendar> ReadCalendars(string timer)
    {
        DBusObject loaded = Load(timer) with { Interface = "org.freedesktop.systemd1.Timer" };
        return bus.Get(
            loaded,
            "TimersCalendar",
            "a(sst)",
            reader => reader.Structs("sst", item => new TimerCalendar(item.String(), item.String(), item.UInt64())));
    }

    public ulong ReadUserspaceTimestamp() => bus.Get(DBusObject.Systemd, "UserspaceTimestamp", "t", reader => reader.UInt64());

    private DBusObject Load(string unit) =>
        DBusObject.Systemd with { Path = bus.Call(DBusObject.Systemd, "LoadUnit", writer => writer.String(unit), reader => reader.ObjectPath()) };

    private void RunJob(string member, string unit)
    {
        if (!_subscribed)
        {
            // Before the job exists, or its end could be missed.
            bus.Match(DBusObject.Systemd, "JobRemoved");
            bus.Call(DBusObject.Systemd, "Subscribe");
            _subscribed = true;
        }

        string job = bus.Call(DBusObject.Systemd, member, writer => writer.String(unit).String("replace"), reader => reader.ObjectPath());
        string result = bus.AwaitSignal(DBusObject.Systemd, "JobRemoved", reader =>
        {
            _ = reader.UInt32();
            string path = reader.ObjectPath();
            _ = reader.String();
            string outcome = reader.String();
            return path == job ? outcome : null;
        });
        if (result is not ("done" or "skipped"))
        {
            throw new ConfiguratorException(new ConfiguratorError(
                result == "timeout" ? ConfiguratorErrorCode.Timeout : ConfiguratorErrorCode.Failed,
                $"systemd could not carry out {member} of {unit}.",
                $"job result {result}"));
        }
    }
}

/// <summary>A unit as the manager sees it.</summary>
internal sealed record UnitState(string Load, string Active, bool ConditionsMet)
{
    public bool Runs => Active is "active" or "activating" or "reloading";
}

/// <summary>One calendar expression of a timer.</summary>
internal sealed record TimerCalendar(string Base, string Expression, ulong NextElapse);
