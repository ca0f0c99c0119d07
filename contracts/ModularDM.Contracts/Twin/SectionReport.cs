using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ModularDM.Contracts.Twin;

/// <summary>What is true on the device: one JSON object, as UTF-8. Immutable.</summary>
public sealed class SectionReport
{
    private SectionReport(ReadOnlyMemory<byte> utf8Json) => Utf8Json = utf8Json;

    /// <summary>Nothing to report but the status.</summary>
    public static SectionReport Empty { get; } = new("{}"u8.ToArray());

    /// <summary>The object, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Utf8Json { get; }

    /// <summary>Reports <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentException">It does not serialise to a JSON object.</exception>
    public static SectionReport From<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return Checked(JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
    }

    /// <summary>Reports a JSON object that is already text.</summary>
    /// <exception cref="ArgumentException">It is not one JSON object.</exception>
    public static SectionReport FromJson(ReadOnlyMemory<byte> utf8Json) => Checked(utf8Json);

    private static SectionReport Checked(ReadOnlyMemory<byte> utf8Json)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8Json.Span);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.TrySkip() && !reader.Read())
            {
                return new SectionReport(utf8Json);
            }
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"A report is one JSON object; this is not JSON: {e.Message}", nameof(utf8Json), e);
        }

        throw new ArgumentException("A report is one JSON object.", nameof(utf8Json));
    }
}
