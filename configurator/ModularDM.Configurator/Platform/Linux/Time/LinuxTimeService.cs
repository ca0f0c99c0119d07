using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Configurator.Platform.Linux.Systemd;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>The unit that keeps the clock. Not enabled is masked; automatic is enabled; manual is disabled and left to be started by hand.</summary>
internal sealed class LinuxTimeService : ITimeServiceArea
{
    private const string UnitFolder = "/etc/systemd/system";

    public TimeServiceSettings Read(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        var manager = new ServiceManager(bus);
        string unit = Find(manager);
        return Read(context, manager, unit);
    }

    public void Set(TimeServiceSettings settings, OperationContext context)
    {
        if (!settings.Enabled && settings.Started)
        {
            throw ConfiguratorException.InvalidArgument("A time service that is not enabled cannot be started.");
        }

        using SystemBus bus = SystemBus.Open(context);
        var manager = new ServiceManager(bus);
        string unit = Find(manager);
        if (Read(context, manager, unit) == settings)
        {
            return;
        }

        SetFiles(settings, bus, manager, unit);
        if (settings.Started)
        {
            manager.Start(unit);
        }
        else
        {
            manager.Stop(unit);
        }

        Verify(settings, Read(context, manager, unit), manager.Read(unit), unit);
    }

    /// <summary>Start type and mask. The manager is made to read its files again only when they have changed: that takes it longer than all the rest.</summary>
    private static void SetFiles(TimeServiceSettings settings, SystemBus bus, ServiceManager manager, string unit)
    {
        bool changed = false;
        // The start type of a masked unit cannot be changed, so a unit that is to be masked gets its start type first.
        if (manager.UnitFileState(unit) is "masked" or "masked-runtime")
        {
            manager.Unmask(unit);
            manager.Reload();
        }

        if (settings is { Enabled: true, Startup: ServiceStartup.Auto, Started: true })
        {
            // timedate1 also turns off the other time services, of which one at a time may steer the clock.
            bus.Call(DBusObject.TimeDate, "SetNTP", writer => writer.Bool(true).Bool(false));
        }

        if (StartsItself(manager.UnitFileState(unit)) != (settings.Startup == ServiceStartup.Auto))
        {
            if (settings.Startup == ServiceStartup.Auto)
            {
                manager.Enable(unit);
            }
            else
            {
                manager.Disable(unit);
            }

            changed = true;
        }

        if (!settings.Enabled)
        {
            manager.Mask(unit);
            changed = true;
        }

        if (changed)
        {
            manager.Reload();
        }
    }

    private static bool StartsItself(string? fileState) => fileState is "enabled" or "enabled-runtime" or "alias" or "linked" or "static";

    private static void Verify(TimeServiceSettings wanted, TimeServiceSettings actual, UnitState state, string unit)
    {
        if (actual == wanted)
        {
            return;
        }

        if (wanted.Started && !state.Runs && !state.ConditionsMet)
        {
            throw ConfiguratorException.NotSupported(
                $"{unit} does not run on this system: one of its start conditions is not met (in a container, the clock belongs to the machine outside).", "ConditionResult=no");
        }

        throw new ConfiguratorException(new ConfiguratorError(
            ConfiguratorErrorCode.Failed,
            $"{unit} was told enabled={wanted.Enabled}, startup={wanted.Startup}, started={wanted.Started} and is enabled={actual.Enabled}, startup={actual.Startup}, started={actual.Started}.",
            $"ActiveState={state.Active}"));
    }

    private static string Find(ServiceManager manager) => FileFailures.Run("Reading ntp-units.d", () => NtpUnit.Find(manager));

    private static TimeServiceSettings Read(OperationContext context, ServiceManager manager, string unit)
    {
        string? file = manager.UnitFileState(unit);
        bool masked = file is "masked" or "masked-runtime";
        bool starts = masked
            ? context.Step("read start links", () => FileFailures.Run("Reading the unit's start links", () => HasStartLink(unit)))
            : StartsItself(file);
        return new TimeServiceSettings
        {
            Enabled = !masked,
            Startup = starts ? ServiceStartup.Auto : ServiceStartup.Manual,
            Started = manager.Read(unit).Runs,
        };
    }

    /// <summary>A masked unit is "masked" to systemd, whatever its start type; its links stay and say which it was.</summary>
    private static bool HasStartLink(string unit) =>
        Directory.EnumerateDirectories(UnitFolder, "*.wants").Any(folder => new FileInfo(Path.Combine(folder, unit)).LinkTarget is not null);
}
