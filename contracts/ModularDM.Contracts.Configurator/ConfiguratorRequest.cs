using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator;

/// <summary>
/// Something only root may do, or may see. The list of derived records is closed: what is not named here cannot be asked for.
/// </summary>
/// <remarks>
/// A new ability is a record here, an operation in the configurator and a line in the policy file. The wire name (<c>op</c>) is
/// permanent once released. Requests carry data, never commands: executables and paths are fixed on root's side.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(GetDeviceInfo), "getDeviceInfo")]
[JsonDerivedType(typeof(GetTimeZone), "getTimeZone")]
[JsonDerivedType(typeof(SetTimeZone), "setTimeZone")]
[JsonDerivedType(typeof(GetNtpServer), "getNtpServer")]
[JsonDerivedType(typeof(SetNtpServer), "setNtpServer")]
[JsonDerivedType(typeof(GetTimeService), "getTimeService")]
[JsonDerivedType(typeof(SetTimeService), "setTimeService")]
[JsonDerivedType(typeof(GetRebootSchedule), "getRebootSchedule")]
[JsonDerivedType(typeof(SetRebootSchedule), "setRebootSchedule")]
[JsonDerivedType(typeof(GetRebootPolicy), "getRebootPolicy")]
[JsonDerivedType(typeof(SetAllowReboots), "setAllowReboots")]
[JsonDerivedType(typeof(RebootNow), "rebootNow")]
[JsonDerivedType(typeof(GetTelemetryLevel), "getTelemetryLevel")]
[JsonDerivedType(typeof(SetTelemetryLevel), "setTelemetryLevel")]
[JsonDerivedType(typeof(ReadDeviceAttribute), "readAttribute")]
[JsonDerivedType(typeof(WriteDeviceAttribute), "writeAttribute")]
[JsonDerivedType(typeof(CspCommand), "csp")]
[JsonDerivedType(typeof(RunAllowedTool), "runAllowedTool")]
[JsonDerivedType(typeof(WriteAllowedFile), "writeAllowedFile")]
public abstract record ConfiguratorRequest
{
    /// <summary>
    /// The word that <see cref="ConfiguratorErrorCode.ConfirmationNeeded"/> brought for this very request: send the request again with it. Null otherwise.
    /// </summary>
    /// <remarks>It holds once, for the same caller, plugin and arguments, until it expires and as long as root's service runs.</remarks>
    public string? Confirm { get; init; }
}

/// <summary>A request and the shape of its answer.</summary>
/// <typeparam name="TResponse">What root answers when it succeeds.</typeparam>
public abstract record ConfiguratorRequest<TResponse> : ConfiguratorRequest
    where TResponse : ConfiguratorResponse;

/// <summary>Marks a request that changes nothing. Such requests are counted; every other one is audited before it acts.</summary>
public interface IReadOnlyRequest;
