using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Configurator;

/// <summary>Reads the state of the time service.</summary>
public sealed record GetTimeService : ConfiguratorRequest<TimeServiceState>, IReadOnlyRequest;

/// <summary>
/// Stores what one source wants of the time service, and puts in force what the source with priority wants (original client contract, 2.10).
/// </summary>
public sealed record SetTimeService : ConfiguratorRequest<Done>
{
    /// <summary>What <see cref="Source"/> wants; null only changes the priority.</summary>
    public TimeServiceSettings? Settings { get; init; }

    /// <summary>Who wants it: the hub (remote) or an application on the device (local).</summary>
    public required PolicySource Source { get; init; }

    /// <summary>Whose wish counts first from now on.</summary>
    public required PolicySource Priority { get; init; }
}

/// <summary>The three members that make a wish complete.</summary>
public sealed record TimeServiceSettings
{
    /// <summary>May the service run at all.</summary>
    public required bool Enabled { get; init; }

    /// <summary>How it starts.</summary>
    public required ServiceStartup Startup { get; init; }

    /// <summary>Is it to run now.</summary>
    public required bool Started { get; init; }
}

/// <summary>The service as it is.</summary>
public sealed record TimeServiceState : ConfiguratorResponse
{
    /// <summary>What the system says now.</summary>
    public required TimeServiceSettings Actual { get; init; }

    /// <summary>Whose wish counts first.</summary>
    public required PolicySource Priority { get; init; }
}

/// <summary>How a service starts.</summary>
[JsonConverter(typeof(WordConverter<ServiceStartup>))]
public enum ServiceStartup
{
    /// <summary>With the system.</summary>
    [JsonStringEnumMemberName("auto")] Auto,

    /// <summary>When asked.</summary>
    [JsonStringEnumMemberName("manual")] Manual,
}

/// <summary>Where a setting comes from.</summary>
[JsonConverter(typeof(WordConverter<PolicySource>))]
public enum PolicySource
{
    /// <summary>From an application on the device.</summary>
    [JsonStringEnumMemberName("local")] Local,

    /// <summary>From the hub.</summary>
    [JsonStringEnumMemberName("remote")] Remote,
}
