using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class TraceTests(QuickStartSystem system, ITestOutputHelper output) : IClassFixture<QuickStartSystem>
{
    [Fact]
    public async Task TimeInfoChange_IsOneTraceFromTheHubToRootAndBack()
    {
        JsonNode section = await system.Service.ManageAsync("windows", "timeInfo", """{"timeZoneKeyName":"Tokyo Standard Time"}""");
        string traceId = section.TextAt("lastChange.traceId")!;

        List<RecordedSpan> trace = await TestTimeouts.WaitForAsync(
            () =>
            {
                List<RecordedSpan> spans = [.. RecordedSpan.ReadAll(system.TracesFolder).Where(span => span.TraceId == traceId)];
                return Task.FromResult(spans.Find(IsRead) is { } done && spans.Exists(span => IsReport(span) && span.Start >= done.Start) && spans.Exists(IsApply) ? spans : null);
            },
            () => Task.FromResult($"Trace {traceId} was not recorded to its end."));

        Print(trace, null, "");
        RecordedSpan receive = Assert.Single(trace, span => span.Name == "twin.receive");
        RecordedSpan apply = Assert.Single(trace, IsApply);
        RecordedSpan request = Assert.Single(trace, span => span.Name == "configurator.request setTimeZone");
        RecordedSpan operation = Assert.Single(trace, span => span.Name == "configurator.operation setTimeZone");
        RecordedSpan read = Assert.Single(trace, IsRead);
        RecordedSpan report = trace.Where(IsReport).MaxBy(span => span.Start)!;
        Assert.Null(receive.ParentSpanId);
        Assert.Equal(receive.SpanId, apply.ParentSpanId);
        Assert.Equal(apply.SpanId, request.ParentSpanId);
        Assert.Equal(request.SpanId, operation.ParentSpanId);
        Assert.Equal(apply.SpanId, read.ParentSpanId);
        Assert.Equal(apply.SpanId, report.ParentSpanId);
        Assert.Contains(trace, span => span.Name == "configurator.request getTimeZone" && span.ParentSpanId == read.SpanId);
        Assert.True(receive.Start <= apply.Start && apply.Start <= request.Start && request.End <= read.Start && read.End <= report.End);
        Assert.All(trace, span => Assert.True(span.ParentSpanId is null || trace.Exists(parent => parent.SpanId == span.ParentSpanId), $"{span.Name} has no parent in its trace"));
    }

    [Fact]
    public async Task FailedSection_ItsTraceIdLeadsToTheLogLine()
    {
        JsonNode section = await system.Service.ManageAsync("contoso", "fan", """{"speedPercent":"fast"}""");

        string traceId = section.TextAt("lastChange.traceId")!;
        await TestTimeouts.WaitForAsync<object>(
            () => Task.FromResult<object?>(system.ReadLog("host").Split('\n').FirstOrDefault(line =>
                line.Contains(traceId, StringComparison.Ordinal) && line.Contains("contoso.fan", StringComparison.Ordinal))),
            () => Task.FromResult($"No line of the log names trace {traceId}: {system.Logs()}"),
            TimeSpan.FromSeconds(5));
    }

    private static bool IsApply(RecordedSpan span) => span.Name == "twin.apply windows.timeInfo";

    private static bool IsRead(RecordedSpan span) => span.Name == "section.read windows.timeInfo";

    private static bool IsReport(RecordedSpan span) => span.Name == "twin.report" && span.Section?.Split(',').Contains("windows.timeInfo") == true;

    private void Print(List<RecordedSpan> trace, string? parent, string indent)
    {
        foreach (RecordedSpan span in trace.Where(span => span.ParentSpanId == parent).OrderBy(span => span.Start))
        {
            output.WriteLine($"{indent}{span.Name}{(span.Name == "twin.report" ? $" [{span.Section}]" : "")} {(span.End - span.Start) / 1000} us");
            Print(trace, span.SpanId, indent + "  ");
        }
    }
}
