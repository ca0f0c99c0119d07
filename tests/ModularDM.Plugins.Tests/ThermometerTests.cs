using System.Text.Json;
using Contoso.Thermometer;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Tests;

public sealed class ThermometerTests : IDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly TestPluginContext _context = new("contoso.thermometer");
    private readonly ThermometerSection _section;
    private volatile string _sensor = "21500";

    public ThermometerTests()
    {
        _context.Configurator.GrantOnly(Manifests.Of("Contoso.Thermometer"));
        _context.Configurator.When((ReadDeviceAttribute _) => new AttributeValue(_sensor));
        _section = new ThermometerSection(_context);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _section.Dispose();
        _context.Dispose();
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, """{ "intervalSeconds": 5, "thresholdCelsius": 40.5 }""", Token);

    [Fact]
    public async Task Read_ReportsWhatTheSensorSays()
    {
        await SectionTester.ApplyAsync(_section, """{ "thresholdCelsius": 21 }""", Token);

        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal(
            """{"intervalSeconds":60,"thresholdCelsius":21,"offsetCelsius":0,"temperatureCelsius":21.5,"tooHot":true}""", report.GetRawText());
    }

    [Theory]
    [InlineData("""{ "intervalSeconds": 0 }""", "intervalSeconds")]
    [InlineData("""{ "intervalSeconds": 3601 }""", "intervalSeconds")]
    [InlineData("""{ "intervalSeconds": "60" }""", "intervalSeconds")]
    [InlineData("""{ "thresholdCelsius": 500 }""", "thresholdCelsius")]
    [InlineData("""{ "treshold": 50 }""", "treshold")]
    public async Task Apply_BadMember_IsRejectedWithItsName(string json, string member)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, json, Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal(member, Assert.Single(result.Errors).Path);
    }

    [Fact]
    public async Task Readings_AreSentAtTheInterval()
    {
        await _section.StartAsync(Token);
        await SectionTester.ApplyAsync(_section, """{ "intervalSeconds": 10 }""", Token);

        SentMessage first = await TickAsync(10);
        _sensor = "-3250";
        SentMessage second = await TickAsync(10);

        Assert.Equal(21.5, first.Body.GetProperty("temperatureCelsius").GetDouble());
        Assert.Equal(-3.25, second.Body.GetProperty("temperatureCelsius").GetDouble());
        Assert.Equal("temperature", first.Properties["kind"]);
        Assert.Equal(2, _context.Messages.All.Count);
        await _section.StopAsync(Token);
    }

    [Fact]
    public async Task Threshold_Crossed_IsReportedOnceEachWay()
    {
        await _section.StartAsync(Token);
        await SectionTester.ApplyAsync(_section, """{ "intervalSeconds": 1, "thresholdCelsius": 30 }""", Token);

        await TickAsync(1);
        _sensor = "30000";
        await TickAsync(1);
        SentReport hot = await _context.Twin.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);
        _sensor = "35000";
        await TickAsync(1);
        _sensor = "29999";
        await TickAsync(1);
        SentReport cool = await _context.Twin.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);

        Assert.Equal(("contoso.thermometer", true), (hot.Section, hot.Json.GetProperty("tooHot").GetBoolean()));
        Assert.False(cool.Json.GetProperty("tooHot").GetBoolean());
        Assert.Equal(2, _context.Twin.All.Count);
        await _section.StopAsync(Token);
    }

    [Fact]
    public async Task Sensor_Unreadable_IsLoggedOnceAndLeftOutOfTheReport()
    {
        _sensor = "warm";

        JsonElement report = await SectionTester.ReadAsync(_section, Token);
        await SectionTester.ReadAsync(_section, Token);

        Assert.False(report.TryGetProperty("temperatureCelsius", out _));
        Assert.Equal("SensorUnreadable", Assert.Single(_context.Logger.Entries).Event);
    }

    [Fact]
    public async Task Stop_WithoutStartAndTwice_IsFine()
    {
        await _section.StopAsync(Token);
        await _section.StopAsync(Token);
    }

    [Fact]
    public async Task Calibrate_Reference_ShiftsLaterReadings()
    {
        MethodResult result = await MethodTester.InvokeAsync(new CalibrateMethod(_context), """{ "referenceCelsius": 20 }""", Token);

        Assert.Equal(200, result.Status);
        Assert.Equal(-1.5, MethodTester.PayloadOf(result).GetProperty("offsetCelsius").GetDouble());
        Assert.Equal(20, (await SectionTester.ReadAsync(_section, Token)).GetProperty("temperatureCelsius").GetDouble());
    }

    [Theory]
    [InlineData(null, "referenceCelsius")]
    [InlineData("""{ "referenceCelsius": 1000 }""", "referenceCelsius")]
    [InlineData("7", "")]
    public async Task Calibrate_BadPayload_IsA400(string? payload, string member)
    {
        MethodResult result = await MethodTester.InvokeAsync(new CalibrateMethod(_context), payload, Token);

        Assert.Equal(400, result.Status);
        Assert.Equal(member, Assert.Single(result.Errors).Path);
    }

    [Fact]
    public async Task Calibrate_AttributeNotGranted_FailsSayingSo()
    {
        _context.Configurator.GrantOnly(Manifests.Of("Contoso.Thermometer") with { Requests = new PluginRequests { Configurator = ["readAttribute"] } });

        MethodResult result = await MethodTester.InvokeAsync(new CalibrateMethod(_context), """{ "referenceCelsius": 20 }""", Token);

        Assert.Equal((500, ErrorCodes.Denied), (result.Status, Assert.Single(result.Errors).Code));
    }

    // One reading at a time: the next turn of the clock waits until this one was seen.
    private async Task<SentMessage> TickAsync(int seconds)
    {
        _context.Clock.Advance(TimeSpan.FromSeconds(seconds));
        return await _context.Messages.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);
    }
}
