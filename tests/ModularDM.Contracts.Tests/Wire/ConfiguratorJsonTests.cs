using System.Text;
using System.Text.Json;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Tests.Wire;

public sealed class ConfiguratorJsonTests
{
    private const string Request = """{ "frame": "request", "id": 7, "plugin": "contoso.fan", "deadlineMs": 1000, "request": { "op": "setTelemetryLevel", "level": "full" } }""";

    [Fact]
    public void Requests_AllRecords_RoundTrip()
    {
        Assert.Equal(WireSamples.DerivedFrom(typeof(ConfiguratorRequest)).ToHashSet(), WireSamples.Requests.Select(sample => sample.GetType()).ToHashSet());
        foreach (ConfiguratorRequest sample in WireSamples.Requests)
        {
            var frame = new RequestFrame { Id = 9, Plugin = "contoso.fan", Lease = 3, DeadlineMs = 1, Traceparent = "00-a-b-01", Request = sample };
            ClientFrame back = ConfiguratorJson.ParseClientFrame(JsonSerializer.SerializeToUtf8Bytes(frame, ConfiguratorJson.Default.ClientFrame));
            Assert.Equal(frame, back);
        }
    }

    [Fact]
    public void Responses_AllRecords_RoundTrip()
    {
        Assert.Equal(WireSamples.DerivedFrom(typeof(ConfiguratorResponse)).ToHashSet(), WireSamples.Responses.Select(sample => sample.GetType()).ToHashSet());
        foreach (ConfiguratorResponse sample in WireSamples.Responses)
        {
            byte[] once = JsonSerializer.SerializeToUtf8Bytes(new ResponseFrame { Id = 9, Result = sample }, ConfiguratorJson.Default.ServerFrame);
            var back = Assert.IsType<ResponseFrame>(ConfiguratorJson.ParseServerFrame(once));
            Assert.IsType(sample.GetType(), back.Result);
            // Lists compare by reference, so text is compared with text.
            Assert.Equal(Encoding.UTF8.GetString(once), JsonSerializer.Serialize(back, ConfiguratorJson.Default.ServerFrame));
        }
    }

    [Fact]
    public void OtherFrames_RoundTrip()
    {
        ClientFrame[] fromHost = [new ClientHello { Protocol = 1, Version = "0.1.0" }, new CancelFrame { Id = 5 }, new RevokeLeaseFrame { Lease = long.MaxValue }];
        Assert.All(fromHost, frame => Assert.Equal(frame, ConfiguratorJson.ParseClientFrame(JsonSerializer.SerializeToUtf8Bytes(frame, ConfiguratorJson.Default.ClientFrame))));
        ServerFrame[] fromRoot =
        [
            new ServerHello { Protocol = 1, Version = "0.1.0", Platform = "simulated", Operations = ConfiguratorOperations.All },
            new ResponseFrame { Id = 0, Error = new ConfiguratorError(ConfiguratorErrorCode.BadFrame, "what") },
            new ResponseFrame
            {
                Id = 1,
                Error = new ConfiguratorError(ConfiguratorErrorCode.Failed, "what", "detail", -5),
                Timing = new OperationTiming { StartUnixNanos = 1, DurationNanos = 2, Steps = [new OperationStep("audit", 0, 1, Failed: true)] },
            },
        ];
        Assert.All(fromRoot, frame =>
        {
            string once = JsonSerializer.Serialize(frame, ConfiguratorJson.Default.ServerFrame);
            Assert.Equal(once, JsonSerializer.Serialize(ConfiguratorJson.ParseServerFrame(Encoding.UTF8.GetBytes(once)), ConfiguratorJson.Default.ServerFrame));
        });
    }

    [Fact]
    public void Timing_WithoutSteps_HasNone()
    {
        var frame = (ResponseFrame)ConfiguratorJson.ParseServerFrame("""{ "frame": "response", "id": 1, "timing": { "startUnixNanos": 1, "durationNanos": 2 } }"""u8);

        Assert.Empty(frame.Timing!.Steps);
    }

    [Fact]
    public void ParseClientFrame_GoodFrame_IsRead() => Assert.IsType<RequestFrame>(ConfiguratorJson.ParseClientFrame(Encoding.UTF8.GetBytes(Request)));

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{ "frame": "goodbye" }""")]
    [InlineData("""{ "frame": 1 }""")]
    [InlineData("""{ "frame": null }""")]
    [InlineData("""{ "protocol": 1, "version": "1", "frame": "hello" }""")]
    [InlineData("""{ "frame": "hello", "protocol": 1 }""")]
    [InlineData("""{ "frame": "hello", "protocol": 1, "version": null }""")]
    [InlineData("""{ "frame": "hello", "protocol": 1, "version": "1", "colour": "red" }""")]
    [InlineData("""{ "frame": "hello", "protocol": 1, "protocol": 1, "version": "1" }""")]
    [InlineData("""{ "frame": "hello", "frame": "hello", "protocol": 1, "version": "1" }""")]
    [InlineData("""{ "frame": "hello", "protocol": "1", "version": "1" }""")]
    [InlineData("""{ "frame": "hello", "protocol": 1, "version": "1" } x""")]
    [InlineData("""{ "frame": "response", "id": 1 }""")]
    public void ParseClientFrame_BadFrame_IsOneKindOfError(string json) => AssertBad(json);

    [Theory]
    [InlineData("\"setTelemetryLevel\"", "\"formatDisk\"")]
    [InlineData("\"op\": \"setTelemetryLevel\", \"level\": \"full\"", "\"level\": \"full\", \"op\": \"setTelemetryLevel\"")]
    [InlineData("\"op\": \"setTelemetryLevel\", ", "")]
    [InlineData("\"full\"", "\"loud\"")]
    [InlineData("\"full\"", "3")]
    [InlineData("\"full\"", "99")]
    [InlineData("\"full\"", "\"3\"")]
    [InlineData("\"full\"", "null")]
    [InlineData("\"level\": \"full\"", "\"Level\": \"full\"")]
    [InlineData("\"level\": \"full\"", "\"level\": \"full\", \"level\": \"basic\"")]
    [InlineData("\"level\": \"full\"", "\"level\": \"full\", \"path\": \"/etc\"")]
    [InlineData("{ \"op\": \"setTelemetryLevel\", \"level\": \"full\" }", "null")]
    [InlineData("\"deadlineMs\": 1000, ", "")]
    public void ParseClientFrame_BadRequest_IsOneKindOfError(string good, string bad) => AssertBad(Request.Replace(good, bad, StringComparison.Ordinal));

    [Fact]
    public void ParseClientFrame_DeepNesting_IsRefused() => AssertBad(
        Request.Replace("\"full\"", string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100), StringComparison.Ordinal));

    [Fact]
    public void ParseClientFrame_InvalidUtf8_IsRefused() => Assert.Equal(
        ConfiguratorErrorCode.BadFrame,
        Assert.Throws<ConfiguratorException>(() => ConfiguratorJson.ParseClientFrame([.. """{ "frame": "hello", "protocol": 1, "version": " """u8, 0xFF, .. "\" }"u8])).Code);

    private static void AssertBad(string json) => Assert.Equal(
        ConfiguratorErrorCode.BadFrame, Assert.Throws<ConfiguratorException>(() => ConfiguratorJson.ParseClientFrame(Encoding.UTF8.GetBytes(json))).Code);
}
