using System.Buffers;
using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Twin;

/// <summary>Puts a section's report and its status together as the hub will hold them, and takes them apart again.</summary>
internal static class ReportedJson
{
    /// <summary>The twin is no web page: '+' and '<' stay what they are, for those who read it with a plain tool.</summary>
    public static JsonWriterOptions Readable { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body's members and <c>lastChange</c>. Nulls are left out: in a merge patch they would delete, so the hub can never hold one.</summary>
    public static byte[] Compose(ReadOnlyMemory<byte> body, SectionStatus? status)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 256);
        using var writer = new Utf8JsonWriter(buffer, Readable);
        writer.WriteStartObject();
        if (!body.IsEmpty)
        {
            using var document = JsonDocument.Parse(body);
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                // The word is the runtime's; a plugin that uses it for something else would be taken for its status.
                if (!member.NameEquals(SectionStatus.Member))
                {
                    WriteMember(member, writer);
                }
            }
        }

        if (status is not null)
        {
            writer.WritePropertyName(SectionStatus.Member);
            status.Write(writer);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static (ReadOnlyMemory<byte> Body, SectionStatus? Status) Split(byte[] section)
    {
        using var document = JsonDocument.Parse(section);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return (default, null);
        }

        SectionStatus? status = document.RootElement.TryGetProperty(SectionStatus.Member, out JsonElement lastChange) ? SectionStatus.Read(lastChange) : null;
        return (Compose(section, null), status);
    }

    /// <summary>The smallest patch from <paramref name="known"/> to <paramref name="wanted"/>; false when there is nothing to say.</summary>
    public static bool TryDiff(byte[]? known, byte[]? wanted, out byte[] diff)
    {
        diff = [];
        if (wanted is null)
        {
            diff = "null"u8.ToArray();
            return known is not null;
        }

        if (known is null)
        {
            diff = wanted;
            return true;
        }

        if (known.AsSpan().SequenceEqual(wanted))
        {
            return false;
        }

        diff = MergePatch.Diff(known, wanted) ?? [];
        return diff.Length > 0;
    }

    public static byte[] NullMember(string name)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using var writer = new Utf8JsonWriter(buffer, Readable);
        writer.WriteStartObject();
        writer.WriteNull(name);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMember(JsonProperty member, Utf8JsonWriter writer)
    {
        if (member.Value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (member.Value.ValueKind != JsonValueKind.Object)
        {
            member.WriteTo(writer);
            return;
        }

        writer.WriteStartObject(member.Name);
        foreach (JsonProperty inner in member.Value.EnumerateObject())
        {
            WriteMember(inner, writer);
        }

        writer.WriteEndObject();
    }
}
