using System.Globalization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Operations.TimeZone;
using ModularDM.Configurator.Platform.Windows.Win32;
using ModularDM.Contracts.Configurator;
using TimeZoneConverter;

namespace ModularDM.Configurator.Platform.Windows.Time;

/// <summary>The time zone by Win32: a name that Windows knows brings its own rules, any other leaves the members that were given.</summary>
internal sealed class WindowsTimeZoneArea(IWin32TimeZone windows, TimeProvider clock) : ITimeZoneArea
{
    public TimeZoneState Read(OperationContext context)
    {
        DynamicZone zone = context.Step("read time zone", windows.Read);
        // This process keeps the zone that it saw first.
        TimeZoneInfo.ClearCachedData();
        return new TimeZoneState
        {
            LocalTime = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), clock.LocalTimeZone).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
            Zone = new TimeZoneRule
            {
                KeyName = zone.KeyName,
                Bias = zone.Bias,
                DynamicDaylightTimeDisabled = zone.DynamicDaylightTimeDisabled,
                Standard = From(zone.Standard),
                Daylight = From(zone.Daylight),
            },
        };
    }

    public void Set(TimeZoneRule zone, OperationContext context)
    {
        DynamicZone wanted = !zone.DynamicDaylightTimeDisabled && zone.KeyName.Length > 0 && Known(zone.KeyName) is { } known
            ? known with { DynamicDaylightTimeDisabled = false }
            : new DynamicZone(zone.KeyName, zone.Bias, To(zone.Standard), To(zone.Daylight), zone.DynamicDaylightTimeDisabled);
        context.Step("set time zone", () => windows.Set(wanted));
        DynamicZone actual = context.Step("read time zone", windows.Read);
        if (actual.Bias != wanted.Bias || actual.DynamicDaylightTimeDisabled != wanted.DynamicDaylightTimeDisabled)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, $"Windows took the zone '{wanted.KeyName}' and shows '{actual.KeyName}' with a bias of {actual.Bias} minutes."));
        }
    }

    private static TimeZoneTransition From(DynamicTransition from) => new()
    {
        Bias = from.Bias,
        Name = from.Name,
        DayOfWeek = from.Year == 0 ? from.DayOfWeek : 0,
        Date = from.Month == 0 ? string.Empty : new TransitionDate(from.Year, from.Month, from.Day, from.Hour, from.Minute, from.Second).ToString(),
    };

    private static DynamicTransition To(TimeZoneTransition from) => TransitionDate.TryParse(from.Date, out TransitionDate date)
        ? new DynamicTransition(
            from.Name, from.Bias, (ushort)date.Year, (ushort)date.Month, (ushort)(date.IsRule ? from.DayOfWeek : 0), (ushort)date.Day,
            (ushort)date.Hour, (ushort)date.Minute, (ushort)date.Second)
        : new DynamicTransition(from.Name, from.Bias, 0, 0, 0, 0, 0, 0, 0);

    private DynamicZone? Known(string name) => windows.Find(name) ?? (TZConvert.TryIanaToWindows(name, out string? converted) ? windows.Find(converted) : null);
}
