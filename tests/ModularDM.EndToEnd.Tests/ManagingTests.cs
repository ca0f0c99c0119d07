using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

/// <summary>What an operator does with sections, from REST to the platform and back.</summary>
public sealed class ManagingTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private const int InvalidDesiredJsonValue = unchecked((int)0xA0000000);
    private const int TelemetryInvalidLevel = unchecked((int)0xA0008100);

    private DeviceService Service => system.Service;

    [Fact]
    public async Task TimeInfo_Patched_IsReportedAsThePlatformHasIt()
    {
        JsonNode section = await Service.ManageAsync("windows", "timeInfo", """{"timeZoneKeyName":"Pacific Standard Time","ntpServer":"time.contoso.example.com"}""");

        Assert.Equal("completed", section.TextAt("lastChange.state"));
        Assert.Equal("Pacific Standard Time", section.TextAt("timeZoneKeyName"));
        Assert.Equal("480", section.TextAt("timeZoneBias"));
        Assert.Equal("time.contoso.example.com", section.TextAt("ntpServer"));
        JsonNode device = Device();
        Assert.Equal("Pacific Standard Time", device.TextAt("zone.keyName"));
        Assert.Equal("time.contoso.example.com", device.TextAt("ntpServer"));
    }

    [Fact]
    public async Task Fan_Patched_TurnsTheFan()
    {
        JsonNode section = await Service.ManageAsync("contoso", "fan", """{"speedPercent":40}""");

        Assert.Equal("completed", section.TextAt("lastChange.state"));
        Assert.Equal("40", section.TextAt("speedPercent"));
        Assert.Equal("102", section.TextAt("pwm"));
        Assert.Equal("1224", section.TextAt("rpm"));
        Assert.Equal("102", File.ReadAllText(system.Attribute("pwm0")).Trim());
    }

    [Fact]
    public async Task Fan_OutOfBounds_NamesTheMemberAndLeavesTheFan()
    {
        await Service.ManageAsync("contoso", "fan", """{"speedPercent":60}""");

        JsonNode section = await Service.ManageAsync("contoso", "fan", """{"speedPercent":101}""");

        Assert.Equal("failed", section.TextAt("lastChange.state"));
        Assert.Contains("speedPercent", section.TextAt("lastChange.errContext"), StringComparison.Ordinal);
        Assert.Equal("153", section.TextAt("pwm"));
        Assert.Equal("153", File.ReadAllText(system.Attribute("pwm0")).Trim());

        section = await Service.ManageAsync("contoso", "fan", """{"speedPercent":60}""");
        Assert.Equal("completed", section.TextAt("lastChange.state"));
        Assert.Null(section.At("lastChange.errContext"));
    }

    [Theory]
    [InlineData("deviceInfo", "{}", "manufacturer", "Contoso")]
    [InlineData("timeService", """{"enabled":"yes","startup":"manual","started":"yes"}""", "startup", "manual")]
    [InlineData("timeService", """{"enabled":"no"}""", "started", "n/a")]
    [InlineData("rebootInfo", """{"singleRebootTime":"2099-01-01T02:03:04Z"}""", "singleRebootTime", "2099-01-01T02:03:04Z")]
    [InlineData("windowsTelemetry", """{"level":"Enhanced"}""", "level", "enhanced")]
    [InlineData("externalStorage", """{"connectionString":"AccountName=contoso;AccountKey=bm90IGEga2V5"}""", "connectionString", "<set>")]
    public async Task CoreSection_Patched_IsReported(string name, string desired, string member, string expected)
    {
        JsonNode section = await Service.ManageAsync("windows", name, desired);

        Assert.Equal("completed", section.TextAt("lastChange.state"));
        Assert.Equal(expected, section.TextAt(member));
        Assert.Matches("^[0-9a-f]{32}$", section.TextAt("lastChange.traceId"));
    }

    [Fact]
    public async Task Telemetry_UnknownLevel_FailsWithItsNumberAndTheChoices()
    {
        await Service.ManageAsync("windows", "windowsTelemetry", """{"level":"basic"}""");

        JsonNode section = await Service.ManageAsync("windows", "windowsTelemetry", """{"level":"loud"}""");

        Assert.Equal("failed", section.TextAt("lastChange.state"));
        Assert.Equal(TelemetryInvalidLevel, (int)section.At("lastChange.errCode")!);
        Assert.Contains("security, basic, enhanced, full", section.TextAt("lastChange.errContext"), StringComparison.Ordinal);
        Assert.Equal("basic", section.TextAt("level"));
        await Service.ManageAsync("windows", "windowsTelemetry", """{"level":"basic"}""");
    }

    [Fact]
    public async Task Section_NotAnObject_FailsInItsPlaceAndHeals()
    {
        JsonNode section = await Service.ManageAsync("windows", "timeService", "42");

        Assert.Equal("failed", section.TextAt("lastChange.state"));
        Assert.Equal(InvalidDesiredJsonValue, (int)section.At("lastChange.errCode")!);
        Assert.Contains("object", section.TextAt("lastChange.errContext"), StringComparison.Ordinal);

        section = await Service.ManageAsync("windows", "timeService", """{"enabled":"yes"}""");
        Assert.Equal("completed", section.TextAt("lastChange.state"));
    }

    [Fact]
    public async Task Section_WrongTypes_AllNamedAtOnce()
    {
        JsonNode section = await Service.ManageAsync("windows", "rebootInfo", """{"singleRebootTime":"tomorrow","dailyRebootTime":"noon"}""");

        Assert.Equal("failed", section.TextAt("lastChange.state"));
        Assert.Contains("singleRebootTime", section.TextAt("lastChange.errContext"), StringComparison.Ordinal);
        Assert.Contains("dailyRebootTime", section.TextAt("lastChange.errContext"), StringComparison.Ordinal);
        await Service.ManageAsync("windows", "rebootInfo", """{"singleRebootTime":null,"dailyRebootTime":null}""");
    }

    [Fact]
    public async Task UnknownSection_UnderWindows_IsNamedUntilItGoes()
    {
        await Service.PatchDesiredAsync("""{"windows":{"toaster":{"slots":2}},"appliance":{"anything":1}}""");
        JsonNode reported = await Service.WaitReportedAsync(
            all => all.At("modularDM.unknown") is JsonArray { Count: 1 } unknown && (string?)unknown[0] == "windows.toaster", "windows.toaster named");
        Assert.Null(reported.At("windows.toaster"));

        await Service.PatchDesiredAsync("""{"windows":{"toaster":null}}""");
        await Service.WaitReportedAsync(all => all.At("modularDM.unknown") is JsonArray { Count: 0 }, "nothing unknown");
    }

    [Fact]
    public async Task Section_LeavesDesired_LeavesTheReportAndTheDeviceAlone()
    {
        await Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":300,"thresholdCelsius":55}""");

        await Service.PatchDesiredAsync("""{"contoso":{"thermometer":null}}""");

        await Service.WaitReportedAsync(all => all.At("contoso.thermometer") is null, "contoso.thermometer gone");
    }

    [Fact]
    public async Task Thermometer_Interval_SendsReadings()
    {
        long last = (await Service.GetMessagesAsync(0)).Select(message => (long)message!["sequence"]!).DefaultIfEmpty().Max();
        await File.WriteAllTextAsync(system.Attribute("temp0_input"), "43500");
        await Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":1}""");

        JsonNode message = await TestTimeouts.WaitForAsync(
            async () => (await Service.GetMessagesAsync(last)).FirstOrDefault(message => message.TextAt("body.temperatureCelsius") == "43.5"),
            () => Task.FromResult("No reading came: " + system.Logs()));

        Assert.Equal("temperature", message.TextAt("properties.kind"));
        await Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":3600}""");
    }

    private JsonNode Device() => JsonNode.Parse(QuickStartSystem.ReadShared(Path.Combine(system.Data, "configurator", "state", "simulated.json")))!;
}
