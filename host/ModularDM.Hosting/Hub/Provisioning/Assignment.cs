using System.Text.Json.Serialization;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>The hub that a device was assigned to, and for whom that holds.</summary>
internal sealed record Assignment
{
    /// <summary>The provisioning service that decided.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The id scope.</summary>
    public required string IdScope { get; init; }

    /// <summary>The device's name there.</summary>
    public required string RegistrationId { get; init; }

    /// <summary>The hub, with a port where it is not the usual one.</summary>
    public required string AssignedHub { get; init; }

    /// <summary>The device's name at the hub.</summary>
    public required string DeviceId { get; init; }

    /// <summary>When that was said, device time.</summary>
    public DateTimeOffset Time { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Assignment))]
internal sealed partial class AssignmentJson : JsonSerializerContext;
