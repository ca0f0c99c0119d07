using System.Buffers;
using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Methods;

/// <summary>Writes the answers that are the runtime's own: the original's envelope <c>{"lastChange":{...}}</c>, and each error by itself (original client contract, 2.5).</summary>
internal static class MethodAnswer
{
    /// <summary>The largest answer that the hub takes (IoT Hub wire specification, 4.3).</summary>
    public const int MaxBytes = 128 * 1024;

    public static HubMethodResponse Pending(DateTimeOffset time, string? traceId) => Envelope(202, new SectionStatus(time, SectionState.Pending, null, traceId), []);

    public static HubMethodResponse Failed(int status, DateTimeOffset time, string? traceId, params IReadOnlyList<SectionError> errors) =>
        Envelope(status, SectionStatus.Failed(time, null, traceId, errors), errors);

    private static HubMethodResponse Envelope(int status, SectionStatus lastChange, IReadOnlyList<SectionError> errors)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, ReportedJson.Readable);
        writer.WriteStartObject();
        writer.WritePropertyName(SectionStatus.Member);
        lastChange.Write(writer);
        if (errors.Count > 0)
        {
            writer.WriteStartArray("errors"u8);
            foreach (SectionError error in errors)
            {
                writer.WriteStartObject();
                writer.WriteString("path"u8, error.Path);
                writer.WriteString("message"u8, error.Message);
                writer.WriteNumber("code"u8, error.Code);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
        return new HubMethodResponse(status, buffer.WrittenMemory);
    }
}
