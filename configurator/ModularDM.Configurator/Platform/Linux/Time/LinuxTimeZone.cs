using System.Globalization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>The time zone by timedate1. A zone is a name of the zone database; Windows' explicit members are accepted where such a zone says the same.</summary>
internal sealed class LinuxTimeZone : ITimeZoneArea
{
    public TimeZoneState Read(OperationContext context)
    {
        using SystemBus bus = SystemBus.Open(context);
        return context.Step("read zone rules", () => FileFailures.Run("Reading the zone's rules", () => Describe(Current(bus), context.Clock.GetUtcNow())));
    }

    public void Set(TimeZoneRule zone, OperationContext context)
    {
        string iana = context.Step("find zone", () => FileFailures.Run("Reading the zone database", () => Resolve(zone)));
        using SystemBus bus = SystemBus.Open(context);
        bus.Call(DBusObject.TimeDate, "SetTimezone", writer => writer.String(iana).Bool(false));
        TimeZoneInfo.ClearCachedData();
        string now = Current(bus);
        if (now != iana)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, $"The system accepted the time zone {iana} and reports {now}.", "timedate1.Timezone differs"));
        }
    }

    /// <summary>The zone in force by its IANA name.</summary>
    internal static string Current(SystemBus bus)
    {
        string zone = bus.Get(DBusObject.TimeDate, "Timezone", "s", reader => reader.String(256));
        // No /etc/localtime at all means UTC.
        return zone.Length == 0 ? "Etc/UTC" : zone;
    }

    internal static TimeZoneState Describe(string iana, DateTimeOffset now)
    {
        DateTimeOffset local = ZoneDatabase.ToLocal(now, iana);
        string keyName = ZoneDatabase.ToKeyName(iana);
        bool fixedZone = keyName == iana && ZoneDatabase.IsFixedZone(iana);
        string? windows = fixedZone ? null : ZoneDatabase.ToWindows(iana);
        PosixZone? rule = ZoneDatabase.ReadRule(iana);
        string standardName = windows ?? rule?.StandardName ?? iana;
        string daylightName = windows?.Replace("Standard", "Daylight", StringComparison.Ordinal) ?? rule?.DaylightName ?? "";
        // A zone whose rule cannot be expressed is described by the offset it has now.
        int west = (int)-local.Offset.TotalMinutes;
        (int bias, TimeZoneTransition standard, TimeZoneTransition daylight) =
            (rule ?? new PosixZone(iana, west, "", west, null, null)).ToWindows(standardName, daylightName);
        return new TimeZoneState
        {
            LocalTime = local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
            Zone = new TimeZoneRule
            {
                DynamicDaylightTimeDisabled = fixedZone,
                KeyName = keyName,
                Bias = bias,
                Standard = standard,
                Daylight = daylight,
            },
        };
    }

    internal static string Resolve(TimeZoneRule zone)
    {
        if (!zone.DynamicDaylightTimeDisabled && zone.KeyName.Length > 0)
        {
            if (ZoneDatabase.ToIana(zone.KeyName) is { } iana)
            {
                return iana;
            }

            if (!HasExplicitMembers(zone))
            {
                throw ConfiguratorException.InvalidArgument(
                    $"The time zone '{zone.KeyName}' is neither a Windows nor an IANA name that this system knows, and no explicit members were given in its place.");
            }
        }

        if (zone.Daylight.Date.Length > 0 || zone.Standard.Date.Length > 0)
        {
            throw ConfiguratorException.NotSupported(
                "Linux has no zone made of daylight dates. Name a Windows or IANA zone with dynamicDaylightTimeDisabled false, or give a whole-hour bias without dates.");
        }

        int west = zone.Bias + zone.Standard.Bias;
        return ZoneDatabase.FixedZone(west) ?? throw ConfiguratorException.NotSupported(
            $"Linux has no zone that is always {west} minutes west of UTC: whole hours from -840 to 720 only. Name a Windows or IANA zone instead.");
    }

    private static bool HasExplicitMembers(TimeZoneRule zone) =>
        zone.Bias != 0 || HasMembers(zone.Standard) || HasMembers(zone.Daylight);

    // A display name alone is no rule.
    private static bool HasMembers(TimeZoneTransition half) => half.Bias != 0 || half.Date.Length > 0;
}
