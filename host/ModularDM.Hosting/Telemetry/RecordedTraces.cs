using System.Globalization;
using System.Text.Json;

namespace ModularDM.Hosting.Telemetry;

/// <summary>Which recorded traces to read; all conditions hold together.</summary>
public sealed record TraceQuery
{
    /// <summary>The trace, in 32 hexadecimal digits; null for any.</summary>
    public string? TraceId { get; init; }

    /// <summary>Traces that ended at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Traces that started at this time or earlier.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many, newest first.</summary>
    /// <value>Default: 50.</value>
    public int Limit { get; init; } = 50;
}

/// <summary>A recorded trace, or what is left of it.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="Spans">Its spans by start.</param>
/// <param name="Lines">The OTLP/JSON objects that hold them, each <c>{"resourceSpans":[...]}</c>.</param>
public sealed record RecordedTrace(string TraceId, IReadOnlyList<RecordedSpan> Spans, IReadOnlyList<ReadOnlyMemory<byte>> Lines)
{
    /// <summary>Start of its first span.</summary>
    public DateTimeOffset Start => Spans[0].Start;

    /// <summary>End of its last span.</summary>
    public DateTimeOffset End => Spans.Max(span => span.End);
}

/// <summary>A recorded span.</summary>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentSpanId">Its parent; null for a root.</param>
/// <param name="Name">Its name.</param>
/// <param name="Start">Start.</param>
/// <param name="End">End.</param>
/// <param name="Failed">True when its status is an error.</param>
public sealed record RecordedSpan(string SpanId, string? ParentSpanId, string Name, DateTimeOffset Start, DateTimeOffset End, bool Failed);

/// <summary>Reads traces back. A line that a crash tore, or that is no trace, is passed over: the others still count.</summary>
internal static class RecordedTraces
{
    public static IReadOnlyList<RecordedTrace> Read(string folder, TraceQuery query)
    {
        Dictionary<string, (List<RecordedSpan> Spans, List<ReadOnlyMemory<byte>> Lines)> traces = [];
        foreach (ReadOnlyMemory<byte> line in SegmentedFile.ReadLines(folder))
        {
            if (!TryParse(line, out string? traceId, out List<RecordedSpan> spans) || (query.TraceId is not null && !query.TraceId.Equals(traceId, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            if (!traces.TryGetValue(traceId!, out (List<RecordedSpan> Spans, List<ReadOnlyMemory<byte>> Lines) trace))
            {
                trace = traces[traceId!] = ([], []);
            }

            trace.Spans.AddRange(spans);
            trace.Lines.Add(line);
        }

        return [.. traces
            .Select(trace => new RecordedTrace(trace.Key, [.. trace.Value.Spans.OrderBy(span => span.Start)], trace.Value.Lines))
            .Where(trace => (query.From is null || trace.End >= query.From) && (query.To is null || trace.Start <= query.To))
            .OrderByDescending(trace => trace.Start)
            .Take(query.Limit)];
    }

    private static bool TryParse(ReadOnlyMemory<byte> line, out string? traceId, out List<RecordedSpan> spans)
    {
        traceId = null;
        spans = [];
        try
        {
            using var document = JsonDocument.Parse(line);
            foreach (JsonElement resource in document.RootElement.GetProperty("resourceSpans").EnumerateArray())
            {
                foreach (JsonElement scope in resource.GetProperty("scopeSpans").EnumerateArray())
                {
                    foreach (JsonElement span in scope.GetProperty("spans").EnumerateArray())
                    {
                        traceId = span.GetProperty("traceId").GetString();
                        spans.Add(Parse(span));
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            return false;
        }

        return traceId is not null;
    }

    private static RecordedSpan Parse(JsonElement span) => new(
        span.GetProperty("spanId").GetString()!,
        span.TryGetProperty("parentSpanId", out JsonElement parent) ? parent.GetString() : null,
        span.GetProperty("name").GetString()!,
        Time(span.GetProperty("startTimeUnixNano")),
        Time(span.GetProperty("endTimeUnixNano")),
        span.TryGetProperty("status", out JsonElement status) && status.TryGetProperty("code", out JsonElement code) && code.GetInt32() == 2);

    private static DateTimeOffset Time(JsonElement nanos) =>
        DateTimeOffset.UnixEpoch.AddTicks(long.Parse(nanos.GetString()!, NumberStyles.None, CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick);
}
