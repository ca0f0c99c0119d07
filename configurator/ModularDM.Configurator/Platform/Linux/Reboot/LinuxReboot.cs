using System.Globalization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Configurator.Platform.Linux.Systemd;
using ModularDM.Configurator.Platform.Linux.Time;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Reboot;

/// <summary>Reboots by login1, schedules by systemd timers, the last boot by the manager's own clock.</summary>
internal sealed class LinuxReboot : IRebootArea
{
    private const int MaxInhibitorText = 200;

    public DateTimeOffset ReadLastBoot(OperationContext context)
    {
        try
        {
            using SystemBus bus = SystemBus.Open(context);
            ulong microseconds = new ServiceManager(bus).ReadUserspaceTimestamp();
            return DateTimeOffset.UnixEpoch.AddTicks((long)Math.Min(microseconds, long.MaxValue / 100) * TimeSpan.TicksPerMicrosecond);
        }
        catch (ConfiguratorException e) when (e.Code == ConfiguratorErrorCode.NotSupported)
        {
            return context.Step("read /proc/stat", () => FileFailures.Run("Reading the boot time", KernelBootTime));
        }
    }

    public (DateTimeOffset? Single, DateTimeOffset? Daily) ReadSchedule(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        return new RebootTimers(bus, context).Read();
    }

    public void SetSchedule(DateTimeOffset? single, DateTimeOffset? daily, OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        new RebootTimers(bus, context).Set(single, daily);
    }

    public IReadOnlyList<string> ReadInhibitors(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        return bus.Call(DBusObject.Login, "ListInhibitors", null, reader => reader.Structs("ssssuu", item =>
        {
            string what = item.String();
            string who = item.String();
            string why = item.String();
            string mode = item.String();
            _ = item.UInt32();
            _ = item.UInt32();
            return mode.StartsWith("block", StringComparison.Ordinal) && what.Split(':').Contains("shutdown") ? $"{Clean(who)}: {Clean(why)}" : null;
        })).OfType<string>().ToList();
    }

    public DateTimeOffset ReadLocalTime(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        string zone = LinuxTimeZone.Current(bus);
        return FileFailures.Run("Reading the time zone", () => ZoneDatabase.ToLocal(context.Clock.GetUtcNow(), zone));
    }

    public void RebootNow(string reason, TimeSpan grace, OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        string can = bus.Call(DBusObject.Login, "CanReboot", null, reader => reader.String(32));
        if (can is not "yes")
        {
            throw can == "na"
                ? ConfiguratorException.NotSupported("This system cannot reboot itself.", $"CanReboot={can}")
                : new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Denied, "The system does not let this service reboot it.", $"CanReboot={can}"));
        }

        bus.Call(DBusObject.Login, "SetWallMessage", writer => writer.String(Clean(reason)).Bool(true));
        if (grace > TimeSpan.Zero)
        {
            Schedule(bus, context.Clock.GetUtcNow() + grace);
        }
        else
        {
            Reboot(bus);
        }
    }

    private static void Schedule(SystemBus bus, DateTimeOffset at)
    {
        ulong microseconds = (ulong)((at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        (string type, ulong time) = ReadScheduled(bus);
        if (type.Length > 0 && type != "reboot")
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Conflict, $"Something else has scheduled a {Clean(type)}; the one place for scheduled shutdowns is taken.", $"ScheduledShutdown={Clean(type)}"));
        }

        if (type == "reboot" && time <= microseconds)
        {
            return;
        }

        bus.Call(DBusObject.Login, "ScheduleShutdown", writer => writer.String("reboot").UInt64(microseconds));
        if (ReadScheduled(bus) != ("reboot", microseconds))
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, "The reboot was accepted and is not scheduled.", "ScheduledShutdown differs"));
        }
    }

    private static (string Type, ulong Time) ReadScheduled(SystemBus bus) =>
        bus.Get(DBusObject.Login, "ScheduledShutdown", "(st)", reader => reader.Struct("st", item => (item.String(64), item.UInt64())));

    private static void Reboot(SystemBus bus)
    {
        try
        {
            bus.Call(DBusObject.Login, "RebootWithFlags", writer => writer.UInt64(0));
        }
        catch (ConfiguratorException e) when (e.Error.Detail == "org.freedesktop.DBus.Error.UnknownMethod")
        {
            // Before systemd 246.
            bus.Call(DBusObject.Login, "Reboot", writer => writer.Bool(false));
        }
    }

    private static DateTimeOffset KernelBootTime()
    {
        string? line = File.ReadLines("/proc/stat").FirstOrDefault(line => line.StartsWith("btime ", StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new IOException("/proc/stat has no btime.");
    }

    /// <summary>Text of others, on its way to a report or to every terminal: no control characters, no great length.</summary>
    private static string Clean(string text)
    {
        string kept = string.Concat(text.Where(c => !char.IsControl(c)));
        return kept.Length > MaxInhibitorText ? kept[..MaxInhibitorText] : kept;
    }
}
