using System.Text.Json;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Rest;

/// <summary>What a request asks of an identity; what it leaves out stays as it is.</summary>
internal sealed record IdentityRequest(bool? Enabled, bool HasReason, string? StatusReason, AuthenticationRequest Authentication, string? ManagedBy)
{
    private const int MaxReason = 128;

    /// <summary>Reads the body of a PUT.</summary>
    /// <exception cref="HubRefusalException">The body is not an identity of this device or module, or asks for what this hub does not do.</exception>
    public static IdentityRequest Parse(string deviceId, string? moduleId, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        if (json.Text("deviceId") is { } device && device != deviceId)
        {
            throw HubRefusalException.Invalid("'deviceId' differs from the path.");
        }

        if (json.Text("moduleId") is { } module && module != moduleId)
        {
            throw HubRefusalException.Invalid("'moduleId' differs from the path.");
        }

        return Parse(json, isModule: moduleId is not null);
    }

    /// <summary>Reads an object that was found to be of the right device or module.</summary>
    /// <exception cref="HubRefusalException">A member is not what it should be, or asks for what this hub does not do.</exception>
    public static IdentityRequest Parse(JsonElement json, bool isModule)
    {
        bool? enabled = json.Text("status") switch
        {
            null => null,
            "enabled" => true,
            "disabled" when isModule => throw HubRefusalException.Invalid("A module has no 'status' of its own: disable its device."),
            "disabled" => false,
            _ => throw HubRefusalException.Invalid("'status' must be 'enabled' or 'disabled'."),
        };
        string? reason = json.Text("statusReason");
        if (reason?.Length > MaxReason)
        {
            throw HubRefusalException.Invalid($"'statusReason' is longer than {MaxReason} characters.");
        }

        string? managedBy = json.Text("managedBy");
        if (managedBy?.Length > MaxReason)
        {
            throw HubRefusalException.Invalid($"'managedBy' is longer than {MaxReason} characters.");
        }

        RefuseEdge(json);
        return new IdentityRequest(enabled, json.TryGetProperty("statusReason", out _), reason, AuthenticationRequest.Parse(json), managedBy);
    }

    /// <exception cref="HubRefusalException">The request lacks what the new authentication needs.</exception>
    public DeviceIdentity ApplyTo(DeviceIdentity identity) => identity with
    {
        Enabled = Enabled ?? identity.Enabled,
        StatusReason = HasReason ? StatusReason : identity.StatusReason,
        Authentication = Authentication.ApplyTo(identity.Authentication),
        ManagedBy = ManagedBy ?? identity.ManagedBy,
    };

    public override string ToString() => nameof(IdentityRequest);

    // Silence would promise what does not happen.
    private static void RefuseEdge(JsonElement json)
    {
        if (json.Object("capabilities") is { } capabilities && capabilities.TryGetProperty("iotEdge", out JsonElement edge) && edge.ValueKind is not (JsonValueKind.False or JsonValueKind.Null))
        {
            throw HubRefusalException.Invalid("This hub has no edge devices: 'capabilities.iotEdge' must be false.");
        }

        if (json.Text("deviceScope") is { Length: > 0 }
            || (json.TryGetProperty("parentScopes", out JsonElement parents) && parents.ValueKind == JsonValueKind.Array && parents.GetArrayLength() > 0))
        {
            throw HubRefusalException.Invalid("This hub has no edge devices: 'deviceScope' and 'parentScopes' must be empty.");
        }
    }
}
