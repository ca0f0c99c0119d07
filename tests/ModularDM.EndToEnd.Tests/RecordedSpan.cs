using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

/// <summary>One span of the flight recorder's OTLP-JSON lines.</summary>
internal sealed record RecordedSpan(string TraceId, string SpanId, string? ParentSpanId, string Name, string? Section, long Start, long End)
{
    /// <summary>Everything recorded so far. The line that is being written is left out.</summary>
    public static List<RecordedSpan> ReadAll(string folder)
    {
        var spans = new List<RecordedSpan>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            string text = QuickStartSystem.ReadShared(file);
            foreach (string line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                spans.AddRange(JsonNode.Parse(line)!["resourceSpans"]!.AsArray()
                    .SelectMany(resource => resource!["scopeSpans"]!.AsArray())
                    .SelectMany(scope => scope!["spans"]!.AsArray())
                    .Select(span => From(span!)));
            }
        }

        return spans;
    }

    private static RecordedSpan From(JsonNode span) => new(
        span.TextAt("traceId")!,
        span.TextAt("spanId")!,
        span.TextAt("parentSpanId"),
        span.TextAt("name")!,
        (span["attributes"] as JsonArray)?.FirstOrDefault(attribute => attribute.TextAt("key") == "modulardm.section").TextAt("value.stringValue"),
        long.Parse(span.TextAt("startTimeUnixNano")!, System.Globalization.CultureInfo.InvariantCulture),
        long.Parse(span.TextAt("endTimeUnixNano")!, System.Globalization.CultureInfo.InvariantCulture));
}
