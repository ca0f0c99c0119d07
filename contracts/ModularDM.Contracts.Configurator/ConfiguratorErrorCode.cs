using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Configurator;

/// <summary>Why root did not do what was asked. The same set serves SyncML status codes and D-Bus error names.</summary>
[JsonConverter(typeof(WordConverter<ConfiguratorErrorCode>))]
public enum ConfiguratorErrorCode
{
    /// <summary>The frame was not one that this protocol knows: bad JSON, unknown operation, unknown or duplicate field, too large, truncated.</summary>
    [JsonStringEnumMemberName("badFrame")] BadFrame,

    /// <summary>The policy does not let this caller, or this plugin, send this request with these arguments.</summary>
    [JsonStringEnumMemberName("denied")] Denied,

    /// <summary>An argument is outside what the operation accepts. Nothing was changed.</summary>
    [JsonStringEnumMemberName("invalidArgument")] InvalidArgument,

    /// <summary>This platform cannot do it; the message says what is missing.</summary>
    [JsonStringEnumMemberName("notSupported")] NotSupported,

    /// <summary>The thing named does not exist.</summary>
    [JsonStringEnumMemberName("notFound")] NotFound,

    /// <summary>The state of the device forbids it now (an inhibitor, a setting that contradicts it).</summary>
    [JsonStringEnumMemberName("conflict")] Conflict,

    /// <summary>Something else holds the resource; asking again later may succeed.</summary>
    [JsonStringEnumMemberName("busy")] Busy,

    /// <summary>The deadline passed. The outcome is unknown: read the state before trying again.</summary>
    [JsonStringEnumMemberName("timeout")] Timeout,

    /// <summary>The caller gave up the lease under which the request came, or cancelled it.</summary>
    [JsonStringEnumMemberName("revoked")] Revoked,

    /// <summary>The platform tried and failed; the message holds the platform's own words.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>
    /// The policy asks for this request twice. Nothing was changed; <see cref="ConfiguratorError.Confirmation"/> says with which word and until when.
    /// </summary>
    [JsonStringEnumMemberName("confirmationNeeded")] ConfirmationNeeded,

    /// <summary>The configurator could not be reached. Made by the client, never sent.</summary>
    [JsonStringEnumMemberName("unavailable")] Unavailable,
}
