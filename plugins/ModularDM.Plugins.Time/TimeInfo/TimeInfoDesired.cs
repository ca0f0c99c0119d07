using System.ComponentModel.DataAnnotations;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Json;

namespace ModularDM.Plugins.Time.TimeInfo;

/// <summary>The section <c>timeInfo</c>. Every member may be absent, and is then left as the device has it.</summary>
internal sealed record TimeInfoDesired : IValidated
{
    public string? NtpServer { get; init; }

    public bool? DynamicDaylightTimeDisabled { get; init; }

    public string? TimeZoneKeyName { get; init; }

    [Range(-840, 720)]
    public int? TimeZoneBias { get; init; }

    [Range(-840, 720)]
    public int? TimeZoneStandardBias { get; init; }

    public string? TimeZoneStandardDate { get; init; }

    [StringLength(31)]
    public string? TimeZoneStandardName { get; init; }

    [Range(0, 6)]
    public int? TimeZoneStandardDayOfWeek { get; init; }

    [Range(-840, 720)]
    public int? TimeZoneDaylightBias { get; init; }

    public string? TimeZoneDaylightDate { get; init; }

    [StringLength(31)]
    public string? TimeZoneDaylightName { get; init; }

    [Range(0, 6)]
    public int? TimeZoneDaylightDayOfWeek { get; init; }

    /// <summary>The server wanted; null when the section does not speak of it.</summary>
    public string? WantedServer() => Sentinel.Drop(NtpServer);

    /// <summary>The first member that speaks of the zone, to name in an error; null when none does.</summary>
    public string? FirstZoneMember() => this switch
    {
        { TimeZoneKeyName: { } name } when Sentinel.Drop(name) is not null => "timeZoneKeyName",
        { TimeZoneBias: not null } => "timeZoneBias",
        { DynamicDaylightTimeDisabled: not null } => "dynamicDaylightTimeDisabled",
        { TimeZoneStandardBias: not null } => "timeZoneStandardBias",
        { TimeZoneStandardDate: { } date } when Sentinel.Drop(date) is not null => "timeZoneStandardDate",
        { TimeZoneStandardName: { } name } when Sentinel.Drop(name) is not null => "timeZoneStandardName",
        { TimeZoneStandardDayOfWeek: not null } => "timeZoneStandardDayOfWeek",
        { TimeZoneDaylightBias: not null } => "timeZoneDaylightBias",
        { TimeZoneDaylightDate: { } date } when Sentinel.Drop(date) is not null => "timeZoneDaylightDate",
        { TimeZoneDaylightName: { } name } when Sentinel.Drop(name) is not null => "timeZoneDaylightName",
        { TimeZoneDaylightDayOfWeek: not null } => "timeZoneDaylightDayOfWeek",
        _ => null,
    };

    /// <summary>The zone wanted: what the section says, and for the rest what the device has.</summary>
    public TimeZoneRule WantedZone(TimeZoneRule current) => new()
    {
        DynamicDaylightTimeDisabled = DynamicDaylightTimeDisabled ?? current.DynamicDaylightTimeDisabled,
        KeyName = Sentinel.Drop(TimeZoneKeyName) ?? current.KeyName,
        Bias = TimeZoneBias ?? current.Bias,
        Standard = new TimeZoneTransition
        {
            Bias = TimeZoneStandardBias ?? current.Standard.Bias,
            Date = WantedDate(TimeZoneStandardDate) ?? current.Standard.Date,
            Name = Sentinel.Drop(TimeZoneStandardName) ?? current.Standard.Name,
            DayOfWeek = TimeZoneStandardDayOfWeek ?? current.Standard.DayOfWeek,
        },
        Daylight = new TimeZoneTransition
        {
            Bias = TimeZoneDaylightBias ?? current.Daylight.Bias,
            Date = WantedDate(TimeZoneDaylightDate) ?? current.Daylight.Date,
            Name = Sentinel.Drop(TimeZoneDaylightName) ?? current.Daylight.Name,
            DayOfWeek = TimeZoneDaylightDayOfWeek ?? current.Daylight.DayOfWeek,
        },
    };

    IEnumerable<SectionError> IValidated.Validate()
    {
        if (WantedServer() is { } server && string.IsNullOrWhiteSpace(server))
        {
            yield return Error("ntpServer", "expected a host name; leave the member out to keep the server as it is");
        }

        if (TimeZoneStandardDate is { } standard && WantedDate(standard) is null && Sentinel.Drop(standard) is not null)
        {
            yield return Error("timeZoneStandardDate", TransitionDate.Expected);
        }

        if (TimeZoneDaylightDate is { } daylight && WantedDate(daylight) is null && Sentinel.Drop(daylight) is not null)
        {
            yield return Error("timeZoneDaylightDate", TransitionDate.Expected);
        }
    }

    private static string? WantedDate(string? text) => Sentinel.Drop(text) is { } date ? TransitionDate.Canonical(date) : null;

    private static SectionError Error(string path, string message) => new(path, message, ErrorCodes.InvalidDesiredJsonValue);
}
