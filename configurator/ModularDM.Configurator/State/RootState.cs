using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.State;

/// <summary>What root remembers over restarts. Replaced whole at each change.</summary>
internal sealed record RootState
{
    /// <summary>Which plugins forbid commanded reboots, and until when each does.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> RebootLeases { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>When a reboot was last asked for.</summary>
    public DateTimeOffset? LastRebootCommand { get; init; }

    /// <summary>What the hub wants of the time service.</summary>
    public TimeServiceSettings? RemoteTimeService { get; init; }

    /// <summary>What an application on the device wants of the time service.</summary>
    public TimeServiceSettings? LocalTimeService { get; init; }

    /// <summary>Whose wish counts first.</summary>
    public PolicySource TimeServicePriority { get; init; } = PolicySource.Remote;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RootState))]
internal sealed partial class RootStateJson : JsonSerializerContext;
