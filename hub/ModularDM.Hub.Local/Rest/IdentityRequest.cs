using System.Text.Json;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Rest;

/// <summary>What a PUT of an identity asks for; what it leaves out stays as it is.</summary>
internal sealed record IdentityRequest(bool? Enabled, bool HasReason, string? StatusReason, string? PrimaryKey, string? SecondaryKey)
{
    private const int MaxReason = 128;

    /// <exception cref="HubRefusalException">The body is not an identity of <paramref name="id"/>, or asks for what this hub does not do.</exception>
    public static IdentityRequest Parse(string id, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        if (Text(json, "deviceId") is { } named && named != id)
        {
            throw HubRefusalException.Invalid("'deviceId' differs from the path.");
        }

        bool? enabled = Text(json, "status") switch
        {
            null => null,
            "enabled" => true,
            "disabled" => false,
            _ => throw HubRefusalException.Invalid("'status' must be 'enabled' or 'disabled'."),
        };
        string? reason = Text(json, "statusReason");
        if (reason?.Length > MaxReason)
        {
            throw HubRefusalException.Invalid($"'statusReason' is longer than {MaxReason} characters.");
        }

        string? primary = null;
        string? secondary = null;
        if (json.TryGetProperty("authentication", out JsonElement authentication) && authentication.ValueKind == JsonValueKind.Object)
        {
            if (Text(authentication, "type") is not (null or "sas"))
            {
                throw HubRefusalException.Invalid("This hub authenticates devices by symmetric key alone: 'authentication.type' must be 'sas'.");
            }

            if (authentication.TryGetProperty("symmetricKey", out JsonElement keys) && keys.ValueKind == JsonValueKind.Object)
            {
                primary = Key(keys, "primaryKey");
                secondary = Key(keys, "secondaryKey");
            }
        }

        return new IdentityRequest(enabled, json.TryGetProperty("statusReason", out _), reason, primary, secondary);
    }

    public DeviceIdentity ApplyTo(DeviceIdentity identity) => new(
        identity.DeviceId,
        identity.ModuleId,
        identity.GenerationId,
        identity.ETag,
        Enabled ?? identity.Enabled,
        HasReason ? StatusReason : identity.StatusReason,
        identity.StatusUpdated,
        PrimaryKey ?? identity.PrimaryKey,
        SecondaryKey ?? identity.SecondaryKey);

    public override string ToString() => nameof(IdentityRequest);

    private static string? Text(JsonElement json, string member)
    {
        if (!json.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw HubRefusalException.Invalid($"'{member}' must be a string.");
    }

    private static string? Key(JsonElement keys, string member)
    {
        string? key = Text(keys, member);
        if (string.IsNullOrEmpty(key))
        {
            return null;
        }

        byte[] bytes = new byte[(key.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(key, bytes, out int length) && length is >= 16 and <= 64
            ? key
            : throw HubRefusalException.Invalid($"'{member}' must be the base64 of 16 to 64 bytes.");
    }
}
