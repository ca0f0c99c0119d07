using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>What the simulated device remembers. Replaced whole at each change.</summary>
internal sealed record SimulatedState
{
    /// <summary>Values of nodes that differ from the table; null is a node that was deleted.</summary>
    public IReadOnlyDictionary<string, string?> Nodes { get; init; } = new Dictionary<string, string?>();

    /// <summary>What nodes remember beside their values; null is nothing.</summary>
    public IReadOnlyDictionary<string, string>? Memory { get; init; }

    /// <summary>The zone as it was set; null until one was, which is UTC.</summary>
    public TimeZoneRule? Zone { get; init; }

    public string NtpServer { get; init; } = "time.windows.com";

    public TimeServiceSettings TimeService { get; init; } = new() { Enabled = true, Startup = ServiceStartup.Auto, Started = true };

    public DateTimeOffset? LastBoot { get; init; }

    /// <summary>When a reboot that was commanded is due.</summary>
    public DateTimeOffset? RebootDue { get; init; }

    public string? RebootReason { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, WriteIndented = true)]
[JsonSerializable(typeof(SimulatedState))]
[JsonSerializable(typeof(Dictionary<string, SimulatedFault>))]
internal sealed partial class SimulatedJson : JsonSerializerContext;
