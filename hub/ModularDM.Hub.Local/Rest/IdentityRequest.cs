using System.Text.Json;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Rest;

/// <summary>What a PUT of an identity asks for; what it leaves out stays as it is.</summary>
internal sealed record IdentityRequest(bool? Enabled, bool HasReason, string? StatusReason, AuthenticationRequest Authentication)
{
    private const int MaxReason = 128;

    /// <exception cref="HubRefusalException">The body is not an identity of <paramref name="id"/>, or asks for what this hub does not do.</exception>
    public static IdentityRequest Parse(string id, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        if (json.Text("deviceId") is { } named && named != id)
        {
            throw HubRefusalException.Invalid("'deviceId' differs from the path.");
        }

        bool? enabled = json.Text("status") switch
        {
            null => null,
            "enabled" => true,
            "disabled" => false,
            _ => throw HubRefusalException.Invalid("'status' must be 'enabled' or 'disabled'."),
        };
        string? reason = json.Text("statusReason");
        if (reason?.Length > MaxReason)
        {
            throw HubRefusalException.Invalid($"'statusReason' is longer than {MaxReason} characters.");
        }

        return new IdentityRequest(enabled, json.TryGetProperty("statusReason", out _), reason, AuthenticationRequest.Parse(json));
    }

    /// <exception cref="HubRefusalException">The request lacks what the new authentication needs.</exception>
    public DeviceIdentity ApplyTo(DeviceIdentity identity) => identity with
    {
        Enabled = Enabled ?? identity.Enabled,
        StatusReason = HasReason ? StatusReason : identity.StatusReason,
        Authentication = Authentication.ApplyTo(identity.Authentication),
    };

    public override string ToString() => nameof(IdentityRequest);
}
