using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator;

/// <summary>What root answers when an operation succeeded.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(DeviceInfoValues), "deviceInfo")]
[JsonDerivedType(typeof(TimeZoneState), "timeZone")]
[JsonDerivedType(typeof(NtpServerState), "ntpServer")]
[JsonDerivedType(typeof(TimeServiceState), "timeService")]
[JsonDerivedType(typeof(RebootSchedule), "rebootSchedule")]
[JsonDerivedType(typeof(RebootPolicy), "rebootPolicy")]
[JsonDerivedType(typeof(TelemetryLevelState), "telemetryLevel")]
[JsonDerivedType(typeof(AttributeValue), "attribute")]
[JsonDerivedType(typeof(CspResult), "csp")]
[JsonDerivedType(typeof(ToolOutput), "toolOutput")]
public abstract record ConfiguratorResponse;

/// <summary>The change was made; there is nothing to add.</summary>
public sealed record Done : ConfiguratorResponse
{
    /// <summary>The one instance.</summary>
    public static Done Instance { get; } = new();
}
