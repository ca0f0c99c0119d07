using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ModularDM.Hub.Protocol;

/// <summary>What a hub says beside a refusal, in the three forms in which it says it.</summary>
/// <param name="Code">The number, see <see cref="HubErrorCodes"/>; 0 when a body that was read names the error only by a word that is not known.</param>
/// <param name="Message">What went wrong, for a person.</param>
/// <param name="TrackingId">What support asks for.</param>
/// <param name="Timestamp">When it happened, where the form carries it.</param>
public sealed record HubErrorBody(int Code, string Message, string TrackingId, DateTimeOffset Timestamp)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The hub's name of the error.</summary>
    public string Name => HubErrorCodes.NameOf(Code);

    /// <summary>The form of the registry, twin and query endpoints: <c>{"Message":"ErrorCode:{Name};{message}","ExceptionMessage":"Tracking ID:{id}"}</c>.</summary>
    public byte[] ToRegistryJson() => Write(json =>
    {
        json.WriteString("Message"u8, $"ErrorCode:{Name};{Message}");
        json.WriteString("ExceptionMessage"u8, $"Tracking ID:{TrackingId}");
    });

    /// <summary>The form of the methods endpoint: <c>Message</c> holds, as text, what <see cref="ToDeviceJson"/> makes.</summary>
    public byte[] ToMethodsJson() => Write(json =>
    {
        json.WriteString("Message"u8, ToDeviceJson());
        json.WriteString("ExceptionMessage"u8, "");
    });

    /// <summary>The form that a device gets on <c>$iothub/twin/res</c>.</summary>
    public byte[] ToDeviceJson() => Write(json =>
    {
        json.WriteNumber("errorCode"u8, Code);
        json.WriteString("trackingId"u8, TrackingId);
        json.WriteString("message"u8, Message);
        json.WriteString("timestampUtc"u8, Timestamp.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
    });

    /// <summary>Reads any of the three forms.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out HubErrorBody? error)
    {
        error = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            error = Read(document.RootElement, nested: true);
        }
        catch (JsonException)
        {
            // A proxy's page or nothing at all: the caller still has the status.
        }

        return error is not null;
    }

    private static HubErrorBody? Read(JsonElement json, bool nested)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (json.TryGetProperty("errorCode", out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out int code))
        {
            string at = Text(json, "timestampUtc");
            return new HubErrorBody(
                code,
                Text(json, "message"),
                Text(json, "trackingId"),
                DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : default);
        }

        string message = Text(json, "Message");
        if (nested && message.StartsWith('{'))
        {
            using JsonDocument inner = JsonDocument.Parse(message);
            return Read(inner.RootElement, nested: false);
        }

        const string prefix = "ErrorCode:";
        if (!message.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        int semicolon = message.IndexOf(';', StringComparison.Ordinal);
        string name = semicolon < 0 ? message[prefix.Length..] : message[prefix.Length..semicolon];
        string tracking = Text(json, "ExceptionMessage");
        const string trackingPrefix = "Tracking ID:";
        return new HubErrorBody(
            HubErrorCodes.CodeOf(name.Trim()),
            semicolon < 0 ? name : message[(semicolon + 1)..],
            tracking.StartsWith(trackingPrefix, StringComparison.Ordinal) ? tracking[trackingPrefix.Length..] : tracking,
            default);
    }

    private static string Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
