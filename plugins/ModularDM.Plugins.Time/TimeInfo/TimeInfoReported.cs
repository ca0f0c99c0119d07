using ModularDM.Contracts.Configurator;

namespace ModularDM.Plugins.Time.TimeInfo;

/// <summary>The section <c>timeInfo</c> as it is reported.</summary>
internal sealed record TimeInfoReported
{
    public required string LocalTime { get; init; }

    public required string NtpServer { get; init; }

    public required bool DynamicDaylightTimeDisabled { get; init; }

    public required string TimeZoneKeyName { get; init; }

    public required int TimeZoneBias { get; init; }

    public required int TimeZoneStandardBias { get; init; }

    public required string TimeZoneStandardDate { get; init; }

    public required string TimeZoneStandardName { get; init; }

    public required int TimeZoneStandardDayOfWeek { get; init; }

    public required int TimeZoneDaylightBias { get; init; }

    public required string TimeZoneDaylightDate { get; init; }

    public required string TimeZoneDaylightName { get; init; }

    public required int TimeZoneDaylightDayOfWeek { get; init; }

    public static TimeInfoReported From(TimeZoneState state, string ntpServer) => new()
    {
        LocalTime = state.LocalTime,
        NtpServer = ntpServer,
        DynamicDaylightTimeDisabled = state.Zone.DynamicDaylightTimeDisabled,
        TimeZoneKeyName = state.Zone.KeyName,
        TimeZoneBias = state.Zone.Bias,
        TimeZoneStandardBias = state.Zone.Standard.Bias,
        TimeZoneStandardDate = state.Zone.Standard.Date,
        TimeZoneStandardName = state.Zone.Standard.Name,
        TimeZoneStandardDayOfWeek = state.Zone.Standard.DayOfWeek,
        TimeZoneDaylightBias = state.Zone.Daylight.Bias,
        TimeZoneDaylightDate = state.Zone.Daylight.Date,
        TimeZoneDaylightName = state.Zone.Daylight.Name,
        TimeZoneDaylightDayOfWeek = state.Zone.Daylight.DayOfWeek,
    };
}
