using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Tests.Telemetry;

public sealed class FlightRecorderTests : IDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("mdm-traces-");
    private readonly ActivitySource _source = new("Test.Source", "1.2.3");
    private readonly ActivityListener _listener;

    public FlightRecorderTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, _source),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    private string Folder => Path.Combine(_temp.FullName, "traces");

    public void Dispose()
    {
        _listener.Dispose();
        _source.Dispose();
        _temp.Delete(recursive: true);
    }

    [Fact]
    public async Task Record_OneSpan_IsValidOtlpJson()
    {
        using FlightRecorder recorder = Recorder();
        recorder.SetResource([new("service.name", "modulardm-host")]);
        Activity span = Span("twin.apply windows.timeInfo");
        recorder.Record(span);
        Assert.True(await recorder.FlushAsync(s_backstop));

        string line = Encoding.UTF8.GetString(Assert.Single(Assert.Single(recorder.ReadTraces(new TraceQuery())).Lines).Span);

        long start = (span.StartTimeUtc.Ticks - DateTime.UnixEpoch.Ticks) * 100;
        string expected = $$$"""
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"modulardm-host"}}]},
            "scopeSpans":[{"scope":{"name":"Test.Source","version":"1.2.3"},"spans":[{"traceId":"{{{span.TraceId}}}","spanId":"{{{span.SpanId}}}",
            "parentSpanId":"00f067aa0ba902b7","flags":1,"name":"twin.apply windows.timeInfo","kind":3,
            "startTimeUnixNano":"{{{start}}}","endTimeUnixNano":"{{{start + 5_000_000}}}",
            "attributes":[{"key":"text","value":{"stringValue":"a"}},{"key":"number","value":{"intValue":"7"}},{"key":"truth","value":{"boolValue":true}},
            {"key":"fraction","value":{"doubleValue":0.5}}],
            "events":[{"timeUnixNano":"{{{start + 1_000_000}}}","name":"half","attributes":[{"key":"n","value":{"intValue":"1"}}]}],
            "status":{"code":2,"message":"broken"}}]}]}]}
            """.ReplaceLineEndings("");
        Assert.Equal(expected, line);
    }

    [Fact]
    public async Task ReadTraces_ByIdAndTime_FindsWhatWasAsked()
    {
        using FlightRecorder recorder = Recorder();
        DateTime noon = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);
        Activity first = Span("first", noon), second = Span("second", noon.AddMinutes(1)), third = Span("third", noon.AddMinutes(2));
        foreach (Activity span in (Activity[])[first, second, third])
        {
            recorder.Record(span);
        }

        await recorder.FlushAsync(s_backstop);

        Assert.Equal(["third", "second", "first"], Names(new TraceQuery()));
        Assert.Equal(["second"], Names(new TraceQuery { TraceId = second.TraceId.ToHexString() }));
        Assert.Equal(["third", "second"], Names(new TraceQuery { From = noon.AddSeconds(30) }));
        Assert.Equal(["first"], Names(new TraceQuery { To = noon.AddSeconds(30) }));
        Assert.Equal(["third"], Names(new TraceQuery { Limit = 1 }));

        string[] Names(TraceQuery query) => [.. recorder.ReadTraces(query).Select(trace => Assert.Single(trace.Spans).Name)];
    }

    [Fact]
    public async Task Record_SpansOfOneTrace_ShareALineAndAreReadTogether()
    {
        using FlightRecorder recorder = Recorder();
        Activity parent = _source.StartActivity("parent")!;
        Activity child = _source.StartActivity("child")!;
        child.Stop();
        parent.Stop();
        recorder.Record(child);
        recorder.Record(parent);
        await recorder.FlushAsync(s_backstop);

        RecordedTrace trace = Assert.Single(recorder.ReadTraces(new TraceQuery()));

        Assert.Equal(["parent", "child"], trace.Spans.Select(span => span.Name));
        Assert.Equal(trace.Spans[0].SpanId, trace.Spans[1].ParentSpanId);
        Assert.Single(trace.Lines);
    }

    [Fact]
    public async Task Dispose_SpansQueued_WritesThemAndTheNextRunReadsThem()
    {
        using (FlightRecorder recorder = Recorder())
        {
            recorder.Record(Span("before the restart"));
        }

        using FlightRecorder next = Recorder();
        next.Record(Span("after"));
        Assert.True(await next.FlushAsync(s_backstop));

        Assert.Equal(
            ["after", "before the restart"],
            next.ReadTraces(new TraceQuery()).Select(trace => trace.Spans[0].Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Record_MoreThanTheBound_DropsTheOldestFiles()
    {
        const long bound = 16 * 1024;
        using FlightRecorder recorder = Recorder(bound);
        for (int i = 0; i < 400; i++)
        {
            recorder.Record(Span($"span {i:D3}"));
            if (i % 50 == 49)
            {
                await recorder.FlushAsync(s_backstop);
                Assert.InRange(_temp.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, bound);
            }
        }

        string[] names = [.. recorder.ReadTraces(new TraceQuery { Limit = 1000 }).Select(trace => trace.Spans[0].Name).Order(StringComparer.Ordinal)];
        Assert.InRange(names.Length, 15, 60);
        Assert.Equal(Enumerable.Range(400 - names.Length, names.Length).Select(i => $"span {i:D3}"), names);
        Assert.Equal(0, recorder.Dropped);
    }

    [Fact]
    public async Task Open_BoundBecameSmaller_OldFilesAreCutDownToIt()
    {
        using (FlightRecorder large = Recorder(1024 * 1024))
        {
            for (int i = 0; i < 400; i++)
            {
                large.Record(Span($"span {i:D3}"));
            }
        }

        using FlightRecorder small = Recorder(16 * 1024);
        small.Record(Span("new"));
        await small.FlushAsync(s_backstop);

        Assert.InRange(_temp.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, 16 * 1024);
        Assert.Equal("new", Assert.Single(small.ReadTraces(new TraceQuery())).Spans[0].Name);
    }

    [Fact]
    public async Task ReadTraces_FileCutAtEveryByte_ReadsTheWholeLinesAndRecordingGoesOn()
    {
        using (FlightRecorder recorder = Recorder())
        {
            recorder.Record(Span("first"));
            await recorder.FlushAsync(s_backstop);
            recorder.Record(Span("second"));
        }

        string path = Assert.Single(Directory.GetFiles(Folder));
        byte[] whole = await File.ReadAllBytesAsync(path);
        int firstEnds = Array.IndexOf(whole, (byte)'\n');
        for (int length = 0; length <= whole.Length; length++)
        {
            await File.WriteAllBytesAsync(path, whole[..length]);
            int expected = length >= whole.Length - 1 ? 2 : length >= firstEnds ? 1 : 0;
            Assert.Equal(expected, RecordedTraces.Read(Folder, new TraceQuery()).Count);

            using (var file = new SegmentedFile(Folder, 64 * 1024))
            {
                file.Open();
                Assert.True(file.TryAppend(whole.AsSpan(0, firstEnds)));
            }

            Assert.Equal(expected == 2 ? 2 : 1, RecordedTraces.Read(Folder, new TraceQuery()).Count);
        }
    }

    [Fact]
    public void ReadTraces_AnyBytes_NeverThrows()
    {
        Directory.CreateDirectory(Folder);
        string path = Path.Combine(Folder, "traces-00000001.jsonl");
        Gen<string> member = Gen.OneOf("resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "name", "startTimeUnixNano", "status", "code");
        Gen<string> json = Gen.OneOf(
            Gen.Byte.Array[0, 60].Select(bytes => Encoding.Latin1.GetString(bytes)),
            Gen.Select(member, Gen.OneOf("1", "null", "[]", "{}", "\"x\"", "[1]", "[{}]", "-1"), (name, value) => $"{{\"{name}\":{value}}}"),
            Gen.OneOf("\"99999999999999999999999\"", "\"-5\"", "\"9223372036854775807\"", "5").Select(time =>
                $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"a","spanId":"b","name":"c","startTimeUnixNano":{{time}},"endTimeUnixNano":{{time}}}]}]}]}"""));
        json.Array[0, 5].Sample(
            lines =>
            {
                File.WriteAllText(path, string.Join('\n', lines), Encoding.Latin1);
                _ = RecordedTraces.Read(Folder, new TraceQuery());
            },
            iter: 500,
            threads: 1);
    }

    [Fact]
    public void Record_QueueFull_DropsAndCounts()
    {
        using FlightRecorder recorder = Recorder();
        Activity span = Span("many");

        for (int i = 0; i < 20_000; i++)
        {
            recorder.Record(span);
        }

        Assert.InRange(recorder.Dropped, 1, 20_000 - 2048);
    }

    [Fact]
    public void Open_FolderCannotBeUsed_RecordsNothingAndSaysSo()
    {
        File.WriteAllText(Folder, "in the way");

        using FlightRecorder recorder = Recorder();

        Assert.False(recorder.IsRecording);
        recorder.Record(Span("nowhere"));
    }

    [Fact]
    public void Open_OnUnix_OnlyTheOwnerMayRead()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using (FlightRecorder recorder = Recorder())
        {
            recorder.Record(Span("private"));
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Directory.GetFiles(Folder))));
        }
    }

    [Fact]
    public async Task Record_LongText_IsCut()
    {
        using FlightRecorder recorder = Recorder();
        Activity span = _source.StartActivity("long")!;
        span.SetTag("text", new string('x', 100_000)).Stop();
        recorder.Record(span);
        await recorder.FlushAsync(s_backstop);

        ReadOnlyMemory<byte> line = Assert.Single(Assert.Single(recorder.ReadTraces(new TraceQuery())).Lines);

        Assert.InRange(line.Length, 1024, 2048);
        using var parsed = JsonDocument.Parse(line);
    }

    [Fact]
    public void Options_TooSmall_NameTheKey()
    {
        ValidateOptionsResult result = new FlightRecorderOptionsValidator().Validate(null, new FlightRecorderOptions { MaxBytes = 1 });

        Assert.Contains("Telemetry:FlightRecorder:MaxBytes must be from 16384 to 1073741824; it is 1.", result.FailureMessage, StringComparison.Ordinal);
    }

    private FlightRecorder Recorder(long maxBytes = 1024 * 1024) => new(
        Options.Create(new FlightRecorderOptions { Folder = Folder, MaxBytes = maxBytes }), NullLogger<FlightRecorder>.Instance);

    private Activity Span(string name, DateTime? start = null)
    {
        DateTime begin = start ?? TimeProvider.System.GetUtcNow().UtcDateTime;
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateFromString("00f067aa0ba902b7"), ActivityTraceFlags.Recorded);
        Activity span = _source.StartActivity(name, ActivityKind.Client, parent, startTime: begin)!;
        span.SetTag("text", "a").SetTag("number", 7).SetTag("truth", true).SetTag("fraction", 0.5).SetTag("nothing", null);
        span.AddEvent(new ActivityEvent("half", begin.AddMilliseconds(1), new ActivityTagsCollection { ["n"] = 1 }));
        span.SetStatus(ActivityStatusCode.Error, "broken").SetEndTime(begin.AddMilliseconds(5));
        span.Stop();
        return span;
    }
}
