using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace ModularDM.Hub.Local.Twins;

/// <summary>How the hub reads and writes JSON: no name twice in an object, text as plain UTF-8.</summary>
internal static class HubJson
{
    public static readonly JsonDocumentOptions Read = new() { AllowDuplicateProperties = false };

    public static readonly JsonWriterOptions Write = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static byte[] Bytes<TState>(TState state, Action<TState, Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Write))
        {
            write(state, writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="HubRefusalException">The body is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!IsText(body.Span))
        {
            throw HubRefusalException.NotJson("a string in it is not text.");
        }

        try
        {
            return JsonDocument.Parse(body, Read);
        }
        catch (JsonException e)
        {
            throw HubRefusalException.NotJson(e.Message);
        }
    }

    /// <summary>Whether the body is one JSON value, all of it text that can be read.</summary>
    public static bool IsValid(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                // Reading to the end is the check.
            }

            return IsText(body);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // The reader takes strings as bytes, and would fail only where one is first used: on broken UTF-8 and on half a surrogate pair in an escape.
    private static bool IsText(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            return false;
        }

        if (body.IndexOf("\\ud"u8) < 0 && body.IndexOf("\\uD"u8) < 0)
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    _ = reader.GetString();
                }
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        catch (JsonException)
        {
            return true; // The caller's own reading says what is wrong.
        }
    }
}
