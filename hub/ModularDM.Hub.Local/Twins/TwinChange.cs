using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Twins;

/// <summary>Makes the next state of a twin from the present one and a request. Pure: nothing is stored or sent here.</summary>
internal static class TwinChange
{
    private static readonly byte[] Empty = "{}"u8.ToArray();

    public static Twin New(DateTimeOffset now) => new(
        1,
        1,
        Empty,
        new TwinSection(Empty, NewMetadata(now, 1), 1),
        new TwinSection(Empty, NewMetadata(now, null), 1));

    /// <exception cref="HubRefusalException">The patch or its result breaks a limit.</exception>
    public static Twin PatchReported(Twin twin, JsonElement patch, DateTimeOffset now) =>
        twin with { Version = twin.Version + 1, Reported = Patch("reported", twin.Reported, patch, TwinLimits.ReportedBytes, stampVersion: false, now) };

    /// <exception cref="HubRefusalException">The patch or its result breaks a limit.</exception>
    public static Twin PatchService(Twin twin, JsonElement? tags, JsonElement? desired, DateTimeOffset now) => twin with
    {
        ETag = twin.ETag + 1,
        Version = twin.Version + 1,
        Tags = tags is { } t ? PatchTags(twin.Tags, t) : twin.Tags,
        Desired = desired is { } d ? Patch("desired", twin.Desired, d, TwinLimits.DesiredBytes, stampVersion: true, now) : twin.Desired,
    };

    /// <summary>As <see cref="PatchService"/>, but what is there before is dropped.</summary>
    /// <exception cref="HubRefusalException">The result breaks a limit.</exception>
    public static Twin ReplaceService(Twin twin, JsonElement? tags, JsonElement? desired, DateTimeOffset now)
    {
        Twin cleared = twin with
        {
            Tags = tags is null ? twin.Tags : Empty,
            Desired = desired is null ? twin.Desired : twin.Desired with { Body = Empty, Metadata = Empty },
        };
        return PatchService(cleared, tags, desired, now);
    }

    /// <summary>What devices are told: the patch as it came, with the new version.</summary>
    public static byte[] Notification(JsonElement patch, long version) => HubJson.Bytes((patch, version), static (s, json) =>
    {
        json.WriteStartObject();
        foreach (JsonProperty member in s.patch.EnumerateObject())
        {
            if (!IsBookkeeping(member))
            {
                MergePatch.WriteName(member, json);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
            }
        }

        json.WriteNumber("$version"u8, s.version);
        json.WriteEndObject();
    });

    /// <summary>A new document in which what the old one has beside it is null.</summary>
    public static byte[] WithRemoved(byte[] before, byte[] after) => HubJson.Bytes((before, after), static (s, json) =>
    {
        using JsonDocument old = JsonDocument.Parse(s.before);
        using JsonDocument now = JsonDocument.Parse(s.after);
        WriteWithRemoved(old.RootElement, now.RootElement, json);
    });

    private static void WriteWithRemoved(JsonElement before, JsonElement after, Utf8JsonWriter json)
    {
        if (after.ValueKind != JsonValueKind.Object)
        {
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(after), skipInputValidation: true);
            return;
        }

        JsonMembers old = before.ValueKind == JsonValueKind.Object ? new JsonMembers(before) : default;
        json.WriteStartObject();
        foreach (JsonProperty member in after.EnumerateObject())
        {
            MergePatch.WriteName(member, json);
            WriteWithRemoved(before.ValueKind == JsonValueKind.Object && old.TryGet(member, out JsonElement was) ? was : default, member.Value, json);
        }

        var present = new JsonMembers(after);
        foreach (JsonProperty member in before.ValueKind == JsonValueKind.Object ? before.EnumerateObject() : default)
        {
            if (!present.TryGet(member, out _))
            {
                MergePatch.WriteName(member, json);
                json.WriteNullValue();
            }
        }

        json.WriteEndObject();
    }

    private static TwinSection Patch(string name, TwinSection section, JsonElement patch, int maxBytes, bool stampVersion, DateTimeOffset now)
    {
        if (patch.ValueKind == JsonValueKind.Object && patch.EnumerateObject().Any(IsBookkeeping))
        {
            using JsonDocument clean = JsonDocument.Parse(WithoutBookkeeping(patch));
            return Patch(name, section, clean.RootElement, maxBytes, stampVersion, now);
        }

        long version = section.Version + 1;
        byte[] body = Merge(name, section.Body, patch, maxBytes);
        using JsonDocument before = JsonDocument.Parse(section.Metadata);
        var stamps = new TwinMetadata(now, stampVersion ? version : null);
        var buffer = new ArrayBufferWriter<byte>(section.Metadata.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, HubJson.Write))
        {
            stamps.Merge(before.RootElement, patch, json);
        }

        return new TwinSection(body, buffer.WrittenSpan.ToArray(), version);
    }

    private static byte[] PatchTags(byte[] tags, JsonElement patch) => Merge("tags", tags, patch, TwinLimits.TagsBytes);

    private static byte[] Merge(string name, byte[] body, JsonElement patch, int maxBytes)
    {
        Throw(name, TwinLimits.Check(patch, int.MaxValue));
        var buffer = new ArrayBufferWriter<byte>(body.Length + 256);
        using (JsonDocument before = JsonDocument.Parse(body))
        using (var json = new Utf8JsonWriter(buffer, HubJson.Write))
        {
            MergePatch.Apply(before.RootElement, patch, json);
        }

        // Each part was checked when it came; together only the size can be too much. The text of a document is never shorter than its measure, save for
        // one-digit numbers and escapes, so that a small text needs no second reading.
        byte[] after = buffer.WrittenSpan.ToArray();
        if (after.Length > maxBytes / 8)
        {
            using JsonDocument document = JsonDocument.Parse(after);
            if (TwinLimits.Measure(document.RootElement) > maxBytes)
            {
                Throw(name, TwinLimits.Check(document.RootElement, maxBytes));
            }
        }

        return after;
    }

    private static void Throw(string name, IReadOnlyList<TwinLimitViolation> violations)
    {
        if (violations.Count > 0)
        {
            throw HubRefusalException.Limits(name, violations);
        }
    }

    private static byte[] WithoutBookkeeping(JsonElement patch) => HubJson.Bytes(patch, static (p, json) =>
    {
        json.WriteStartObject();
        foreach (JsonProperty member in p.EnumerateObject())
        {
            if (!IsBookkeeping(member))
            {
                MergePatch.WriteName(member, json);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
            }
        }

        json.WriteEndObject();
    });

    private static bool IsBookkeeping(JsonProperty member) => member.NameEquals("$version"u8) || member.NameEquals("$metadata"u8);

    private static byte[] NewMetadata(DateTimeOffset now, long? version) => HubJson.Bytes((now, version), static (s, json) =>
    {
        using JsonDocument empty = JsonDocument.Parse("{}");
        new TwinMetadata(s.now, s.version).Merge(default, empty.RootElement, json);
    });
}
