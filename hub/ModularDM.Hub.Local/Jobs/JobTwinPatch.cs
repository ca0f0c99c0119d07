using System.Text.Json;
using ModularDM.Hub.Local.Rest;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>The part of a twin that a job changes, and the ETag that the twin must have.</summary>
internal readonly record struct JobTwinPatch(string? ETag, JsonElement? Tags, JsonElement? Desired)
{
    /// <exception cref="HubRefusalException">A section is no object.</exception>
    public static JobTwinPatch Parse(JsonElement twin) => new(
        twin.TryGetProperty("etag"u8, out JsonElement etag) && etag.ValueKind == JsonValueKind.String && etag.GetString() is { Length: > 0 } text ? text : null,
        twin.Object("tags"),
        twin.Object("properties")?.Object("desired"));
}
