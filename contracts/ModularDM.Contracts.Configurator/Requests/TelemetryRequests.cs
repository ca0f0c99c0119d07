using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator;

/// <summary>Reads how much the operating system tells its maker.</summary>
public sealed record GetTelemetryLevel : ConfiguratorRequest<TelemetryLevelState>, IReadOnlyRequest;

/// <summary>Sets how much the operating system tells its maker.</summary>
public sealed record SetTelemetryLevel : ConfiguratorRequest<Done>
{
    /// <summary>The level.</summary>
    public required TelemetryLevel Level { get; init; }
}

/// <summary>The level in force; null when none was ever set.</summary>
/// <param name="Level">The level.</param>
public sealed record TelemetryLevelState(TelemetryLevel? Level = null) : ConfiguratorResponse;

/// <summary>The four levels and their numbers (original client contract, C17).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TelemetryLevel>))]
public enum TelemetryLevel
{
    /// <summary>Security data only.</summary>
    [JsonStringEnumMemberName("security")] Security = 0,

    /// <summary>Basic device data.</summary>
    [JsonStringEnumMemberName("basic")] Basic = 1,

    /// <summary>Usage and reliability too.</summary>
    [JsonStringEnumMemberName("enhanced")] Enhanced = 2,

    /// <summary>Everything.</summary>
    [JsonStringEnumMemberName("full")] Full = 3,
}
