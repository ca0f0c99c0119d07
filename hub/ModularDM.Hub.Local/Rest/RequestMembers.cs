using System.Text.Json;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Reads members of a request's JSON object; one that is null is taken as left out.</summary>
internal static class RequestMembers
{
    /// <exception cref="HubRefusalException">The member is something else than a string.</exception>
    public static string? Text(this JsonElement json, string member)
    {
        if (!json.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw HubRefusalException.Invalid($"'{member}' must be a string.");
    }

    /// <exception cref="HubRefusalException">The member is something else than an object.</exception>
    public static JsonElement? Object(this JsonElement json, string member)
    {
        if (!json.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object ? value : throw HubRefusalException.Invalid($"'{member}' must be a JSON object.");
    }
}
