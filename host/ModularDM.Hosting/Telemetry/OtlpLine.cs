using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ModularDM.Hosting.Telemetry;

/// <summary>Writes spans of one trace as one OTLP/JSON object: ids in hexadecimal, times as strings of nanoseconds, enumerations as numbers.</summary>
internal static class OtlpLine
{
    // A span's attributes are names and numbers. Whatever longer text an application adds is cut, so that one span cannot push out a hundred.
    private const int MaxTextLength = 1024;

    public static void Write(
        IBufferWriter<byte> output, IReadOnlyList<KeyValuePair<string, object>> resource, string scope, string? scopeVersion, IEnumerable<Activity> spans)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        WriteAttributes(json, resource.Select(item => KeyValuePair.Create(item.Key, (object?)item.Value)));
        json.WriteEndObject();
        json.WriteStartArray("scopeSpans");
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", scope);
        if (scopeVersion is not null)
        {
            json.WriteString("version", scopeVersion);
        }

        json.WriteEndObject();
        json.WriteStartArray("spans");
        foreach (Activity span in spans)
        {
            WriteSpan(json, span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, Activity span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId.ToHexString());
        json.WriteString("spanId", span.SpanId.ToHexString());
        if (span.ParentSpanId != default)
        {
            json.WriteString("parentSpanId", span.ParentSpanId.ToHexString());
        }

        json.WriteNumber("flags", (int)span.ActivityTraceFlags);
        if (!string.IsNullOrEmpty(span.TraceStateString))
        {
            json.WriteString("traceState", span.TraceStateString);
        }

        json.WriteString("name", Cut(span.DisplayName));
        json.WriteNumber("kind", (int)span.Kind + 1);
        DateTime start = span.StartTimeUtc;
        json.WriteString("startTimeUnixNano", Nanos(start));
        json.WriteString("endTimeUnixNano", Nanos(start + span.Duration));
        WriteAttributes(json, span.TagObjects);
        WriteEvents(json, span);
        WriteLinks(json, span);
        if (span.Status != ActivityStatusCode.Unset)
        {
            json.WriteStartObject("status");
            json.WriteNumber("code", (int)span.Status);
            if (span.StatusDescription is { } description)
            {
                json.WriteString("message", Cut(description));
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteEvents(Utf8JsonWriter json, Activity span)
    {
        bool any = false;
        foreach (ActivityEvent happened in span.Events)
        {
            if (!any)
            {
                json.WriteStartArray("events");
                any = true;
            }

            json.WriteStartObject();
            json.WriteString("timeUnixNano", Nanos(happened.Timestamp.UtcDateTime));
            json.WriteString("name", Cut(happened.Name));
            WriteAttributes(json, happened.Tags);
            json.WriteEndObject();
        }

        if (any)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteLinks(Utf8JsonWriter json, Activity span)
    {
        bool any = false;
        foreach (ActivityLink link in span.Links)
        {
            if (!any)
            {
                json.WriteStartArray("links");
                any = true;
            }

            json.WriteStartObject();
            json.WriteString("traceId", link.Context.TraceId.ToHexString());
            json.WriteString("spanId", link.Context.SpanId.ToHexString());
            json.WriteEndObject();
        }

        if (any)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteAttributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> attributes)
    {
        bool any = false;
        foreach ((string key, object? value) in attributes)
        {
            if (value is null)
            {
                continue;
            }

            if (!any)
            {
                json.WriteStartArray("attributes");
                any = true;
            }

            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteStartObject("value");
            WriteValue(json, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (any)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case bool truth:
                json.WriteBoolean("boolValue", truth);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteString("intValue", Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture));
                break;
            case float or double when Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsFinite(number):
                json.WriteNumber("doubleValue", number);
                break;
            default:
                json.WriteString("stringValue", Cut(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
                break;
        }
    }

    private static string Cut(string text) => text.Length <= MaxTextLength ? text : text[..MaxTextLength];

    private static string Nanos(DateTime utc) => ((utc.Ticks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick).ToString(CultureInfo.InvariantCulture);
}
