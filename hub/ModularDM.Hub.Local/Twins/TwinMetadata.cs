using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Twins;

/// <summary>
/// The tree of <c>$lastUpdated</c> and <c>$lastUpdatedVersion</c> beside a section. It is merged by the same patch as the section: what the patch touches,
/// and every object above it, gets the new stamp, so that a removal stays visible at its parent.
/// </summary>
internal readonly struct TwinMetadata(DateTimeOffset time, long? version)
{
    private static readonly JsonEncodedText LastUpdated = JsonEncodedText.Encode("$lastUpdated");
    private static readonly JsonEncodedText LastUpdatedVersion = JsonEncodedText.Encode("$lastUpdatedVersion");
    private readonly JsonEncodedText stamp = JsonEncodedText.Encode(Text(time));

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    public void Merge(JsonElement metadata, JsonElement patch, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteStamp(writer);
        bool merges = metadata.ValueKind == JsonValueKind.Object;
        if (merges)
        {
            var changes = new JsonMembers(patch);
            foreach (JsonProperty kept in metadata.EnumerateObject())
            {
                if (JsonMarshal.GetRawUtf8PropertyName(kept).StartsWith("$"u8))
                {
                    continue;
                }

                if (!changes.TryGet(kept, out JsonElement change))
                {
                    MergePatch.WriteName(kept, writer);
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(kept.Value), skipInputValidation: true);
                }
                else
                {
                    WriteMember(kept, kept.Value, change, writer);
                }
            }
        }

        JsonMembers existing = merges ? new JsonMembers(metadata) : default;
        foreach (JsonProperty added in patch.EnumerateObject())
        {
            if (!(merges && existing.TryGet(added, out _)))
            {
                WriteMember(added, default, added.Value, writer);
            }
        }

        writer.WriteEndObject();
    }

    private void WriteMember(JsonProperty name, JsonElement metadata, JsonElement change, Utf8JsonWriter writer)
    {
        if (change.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        MergePatch.WriteName(name, writer);
        if (change.ValueKind == JsonValueKind.Object)
        {
            Merge(metadata, change, writer);
            return;
        }

        writer.WriteStartObject();
        WriteStamp(writer);
        writer.WriteEndObject();
    }

    private void WriteStamp(Utf8JsonWriter writer)
    {
        writer.WriteString(LastUpdated, stamp);
        if (version is { } number)
        {
            writer.WriteNumber(LastUpdatedVersion, number);
        }
    }
}
