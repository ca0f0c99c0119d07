using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ModularDM.Hub.Protocol;

/// <summary>
/// JSON merge patch (RFC 7396), the language in which twins change: an object merges member by member, <c>null</c> removes a member, and everything else,
/// arrays too, is replaced whole.
/// </summary>
/// <remarks>
/// Works from <see cref="JsonElement"/> to <see cref="Utf8JsonWriter"/> without building a tree. Members that a patch does not touch are copied as the
/// bytes they are. Objects are expected to hold each name once; the overloads that take bytes refuse a duplicate.
/// </remarks>
public static class MergePatch
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes <paramref name="target"/> as <paramref name="patch"/> changes it.</summary>
    /// <param name="target">The document to change; an element of kind <see cref="JsonValueKind.Undefined"/> (<c>default</c>) stands for no document.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="writer">Receives one JSON value.</param>
    public static void Apply(JsonElement target, JsonElement patch, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        bool merges = target.ValueKind == JsonValueKind.Object;
        if (merges)
        {
            var changes = new JsonMembers(patch);
            foreach (JsonProperty kept in target.EnumerateObject())
            {
                if (!changes.TryGet(kept, out JsonElement change))
                {
                    WriteName(kept, writer);
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(kept.Value), skipInputValidation: true);
                }
                else if (change.ValueKind != JsonValueKind.Null)
                {
                    WriteName(kept, writer);
                    Apply(kept.Value, change, writer);
                }
            }
        }

        JsonMembers existing = merges ? new JsonMembers(target) : default;
        foreach (JsonProperty added in patch.EnumerateObject())
        {
            if (added.Value.ValueKind != JsonValueKind.Null && !(merges && existing.TryGet(added, out _)))
            {
                WriteName(added, writer);
                Apply(default, added.Value, writer);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>The UTF-8 document <paramref name="target"/> as the UTF-8 document <paramref name="patch"/> changes it.</summary>
    /// <param name="target">The document to change; empty stands for no document.</param>
    /// <param name="patch">The patch.</param>
    /// <exception cref="JsonException">One of the two is not JSON, or an object in it holds a name twice.</exception>
    public static byte[] Apply(ReadOnlyMemory<byte> target, ReadOnlyMemory<byte> patch)
    {
        using JsonDocument? before = target.IsEmpty ? null : JsonDocument.Parse(target, Strict);
        using JsonDocument change = JsonDocument.Parse(patch, Strict);
        var buffer = new ArrayBufferWriter<byte>(target.Length + patch.Length + 16);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            Apply(before?.RootElement ?? default, change.RootElement, writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Writes the smallest merge patch that turns <paramref name="from"/> into <paramref name="to"/>; writes nothing and returns <see langword="false"/>
    /// when they are equal.
    /// </summary>
    /// <remarks>
    /// The order of members is irrelevant. Numbers are compared by value: 1, 1.0 and 1e0 are equal and make no patch. A merge patch cannot set a member to
    /// <c>null</c>, so a <c>null</c> member of <paramref name="to"/> counts as absent; without any, applying the patch yields exactly <paramref name="to"/>.
    /// </remarks>
    /// <param name="from">The document as it is; <c>default</c> stands for no document.</param>
    /// <param name="to">The document wanted.</param>
    /// <param name="writer">Receives one JSON value, or nothing.</param>
    /// <returns>Whether a patch was written.</returns>
    public static bool Diff(JsonElement from, JsonElement to, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (from.ValueKind == JsonValueKind.Object && to.ValueKind == JsonValueKind.Object)
        {
            return new MergePatchDiff(writer).Write(from, to);
        }

        if (from.ValueKind != JsonValueKind.Undefined && MergePatchDiff.AreEqual(from, to))
        {
            return false;
        }

        to.WriteTo(writer);
        return true;
    }

    /// <summary>The smallest merge patch that turns one UTF-8 document into another, or <see langword="null"/> when they are equal.</summary>
    /// <param name="from">The document as it is; empty stands for no document.</param>
    /// <param name="to">The document wanted.</param>
    /// <exception cref="JsonException">One of the two is not JSON, or an object in it holds a name twice.</exception>
    public static byte[]? Diff(ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to)
    {
        if (from.Span.SequenceEqual(to.Span))
        {
            return null;
        }

        using JsonDocument? before = from.IsEmpty ? null : JsonDocument.Parse(from, Strict);
        using JsonDocument after = JsonDocument.Parse(to, Strict);
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Relaxed);
        if (!Diff(before?.RootElement ?? default, after.RootElement, writer))
        {
            return null;
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    internal static void WriteName(JsonProperty member, Utf8JsonWriter writer)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(member);
        if (raw.Contains((byte)'\\'))
        {
            writer.WritePropertyName(member.Name);
        }
        else
        {
            writer.WritePropertyName(raw);
        }
    }
}
