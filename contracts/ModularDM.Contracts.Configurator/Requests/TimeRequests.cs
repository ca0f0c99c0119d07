namespace ModularDM.Contracts.Configurator;

/// <summary>Reads the time zone and the local time.</summary>
public sealed record GetTimeZone : ConfiguratorRequest<TimeZoneState>, IReadOnlyRequest;

/// <summary>Sets the time zone. All or nothing: a zone the platform does not know changes nothing.</summary>
public sealed record SetTimeZone : ConfiguratorRequest<Done>
{
    /// <summary>The zone wanted.</summary>
    public required TimeZoneRule Zone { get; init; }
}

/// <summary>
/// A zone with Windows' own members (<c>DYNAMIC_TIME_ZONE_INFORMATION</c>; original client contract, C13).
/// </summary>
public sealed record TimeZoneRule
{
    /// <summary>True: the explicit members below hold. False: <see cref="KeyName"/> is looked up, and the explicit members hold when it is not found.</summary>
    public bool DynamicDaylightTimeDisabled { get; init; }

    /// <summary>Windows zone name ("Pacific Standard Time"); an IANA name is accepted too. Empty: use the explicit members.</summary>
    public required string KeyName { get; init; }

    /// <summary>Minutes west of UTC, -840 to 720.</summary>
    public int Bias { get; init; }

    /// <summary>Standard time.</summary>
    public required TimeZoneTransition Standard { get; init; }

    /// <summary>Daylight time.</summary>
    public required TimeZoneTransition Daylight { get; init; }
}

/// <summary>When and how one half of the year begins.</summary>
public sealed record TimeZoneTransition
{
    /// <summary>Added to the zone's bias while this half holds, in minutes.</summary>
    public int Bias { get; init; }

    /// <summary>
    /// <c>YYYY-MM-DDThh:mm:ssZ</c>; year 0000 means "month, week of month in the day's place, day of week"; empty: the zone has no daylight time.
    /// </summary>
    public required string Date { get; init; }

    /// <summary>Display name.</summary>
    public required string Name { get; init; }

    /// <summary>0 is Sunday.</summary>
    public int DayOfWeek { get; init; }
}

/// <summary>The zone in force, and the local time it gives.</summary>
public sealed record TimeZoneState : ConfiguratorResponse
{
    /// <summary>Local time with its UTC offset, ISO 8601.</summary>
    public required string LocalTime { get; init; }

    /// <summary>The zone in force.</summary>
    public required TimeZoneRule Zone { get; init; }
}

/// <summary>Reads the configured NTP server.</summary>
public sealed record GetNtpServer : ConfiguratorRequest<NtpServerState>, IReadOnlyRequest;

/// <summary>Sets the NTP servers; several are separated by one space.</summary>
public sealed record SetNtpServer : ConfiguratorRequest<Done>
{
    /// <summary>Host names or addresses, separated by one space.</summary>
    public required string Server { get; init; }
}

/// <summary>The configured NTP server; empty when there is none.</summary>
/// <param name="Server">Host names or addresses, separated by one space.</param>
public sealed record NtpServerState(string Server) : ConfiguratorResponse;
