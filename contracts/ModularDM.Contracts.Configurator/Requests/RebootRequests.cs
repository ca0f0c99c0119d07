namespace ModularDM.Contracts.Configurator;

/// <summary>Reads when the device booted and when it is to reboot.</summary>
public sealed record GetRebootSchedule : ConfiguratorRequest<RebootSchedule>, IReadOnlyRequest;

/// <summary>Sets the two schedules. Both are given; null clears one. They survive a reboot.</summary>
public sealed record SetRebootSchedule : ConfiguratorRequest<Done>
{
    /// <summary>Once, at this moment; a moment that has passed is kept and does nothing.</summary>
    public DateTimeOffset? Single { get; init; }

    /// <summary>Every day at this time of day (UTC), from this day on.</summary>
    public DateTimeOffset? Daily { get; init; }
}

/// <summary>The schedules, the last boot and the last command.</summary>
public sealed record RebootSchedule : ConfiguratorResponse
{
    /// <summary>When the system booted, from the system itself.</summary>
    public required DateTimeOffset LastBoot { get; init; }

    /// <summary>When a reboot was last asked for through <see cref="RebootNow"/>; null if never.</summary>
    public DateTimeOffset? LastCommand { get; init; }

    /// <summary>See <see cref="SetRebootSchedule.Single"/>.</summary>
    public DateTimeOffset? Single { get; init; }

    /// <summary>See <see cref="SetRebootSchedule.Daily"/>.</summary>
    public DateTimeOffset? Daily { get; init; }
}

/// <summary>Reads what stands in the way of a reboot: the policy, active hours, and whoever holds an inhibitor.</summary>
public sealed record GetRebootPolicy : ConfiguratorRequest<RebootPolicy>, IReadOnlyRequest;

/// <summary>What stands in the way of a reboot.</summary>
public sealed record RebootPolicy : ConfiguratorResponse
{
    /// <summary>False while a holder of <see cref="SetAllowReboots"/> says no, or the policy file does.</summary>
    public required bool AllowReboots { get; init; }

    /// <summary>First hour (0-23, local) in which the device is in use; null when there are no active hours.</summary>
    public int? ActiveHoursStart { get; init; }

    /// <summary>First hour (0-23, local) after use; smaller than the start when the interval crosses midnight.</summary>
    public int? ActiveHoursEnd { get; init; }

    /// <summary>True when the local time lies within the active hours now.</summary>
    public required bool InActiveHours { get; init; }

    /// <summary>Seconds between <see cref="RebootNow"/> and the reboot.</summary>
    public required int GraceSeconds { get; init; }

    /// <summary>Who blocks shutdown now, as "who: why" (logind block inhibitors on Linux); empty when nobody does.</summary>
    public required IReadOnlyList<string> Inhibitors { get; init; }
}

/// <summary>
/// Allows or forbids commanded reboots. A "no" is a lease: it ends by itself unless its holder renews it (W40: a crashed application must not block reboots for ever).
/// </summary>
public sealed record SetAllowReboots : ConfiguratorRequest<Done>
{
    /// <summary>May commanded reboots happen.</summary>
    public required bool Allow { get; init; }

    /// <summary>How long a "no" holds, 1 to 86400 seconds; required with <c>allow: false</c>.</summary>
    public int? LeaseSeconds { get; init; }
}

/// <summary>Reboots after the grace of the policy. Root checks policy, active hours and inhibitors once more.</summary>
public sealed record RebootNow : ConfiguratorRequest<Done>
{
    /// <summary>For the audit record and the wall message; 1 to 200 characters.</summary>
    public required string Reason { get; init; }
}
