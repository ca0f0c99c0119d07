using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class MethodTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private DeviceService Service => system.Service;

    [Fact]
    public async Task Unknown_Answers404AndNamesTheKnown()
    {
        JsonNode answer = await Service.InvokeAsync("windows.makeToast");

        Assert.Equal(404, (int)answer["status"]!);
        Assert.Contains("windows.makeToast", answer.TextAt("payload.lastChange.errContext"), StringComparison.Ordinal);
        Assert.Contains("contoso.calibrate", answer.TextAt("payload.lastChange.errContext"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"seconds":"long"}""", "seconds")]
    [InlineData("""{"seconds":0}""", "seconds")]
    [InlineData("""{}""", "seconds")]
    [InlineData("[1,2]", "object")]
    public async Task BadPayload_Answers400AndSaysWhat(string payload, string named)
    {
        JsonNode answer = await Service.InvokeAsync("contoso.boost", payload);

        Assert.Equal(400, (int)answer["status"]!);
        Assert.Equal("failed", answer.TextAt("payload.lastChange.state"));
        Assert.Contains(named, answer.TextAt("payload.lastChange.errContext"), StringComparison.Ordinal);
        Assert.NotEmpty((JsonArray)answer.At("payload.errors")!);
    }

    [Fact]
    public async Task Calibrate_Reference_AnswersTheOffsetAndTheSectionUsesIt()
    {
        await Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":3600}""");
        await File.WriteAllTextAsync(system.Attribute("temp0_input"), "42000");

        JsonNode answer = await Service.InvokeAsync("contoso.calibrate", """{"referenceCelsius":40.5}""");

        Assert.Equal(200, (int)answer["status"]!);
        double offset = (double)answer.At("payload.offsetCelsius")!;
        Assert.Equal("offsetCelsius", Assert.Single((JsonObject)answer["payload"]!).Key);
        JsonNode section = await Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":1800}""");
        Assert.Equal(offset, (double)section["offsetCelsius"]!);
    }

    [Fact]
    public async Task Boost_Answers202AndReturnsToTheSpeedWanted()
    {
        await Service.ManageAsync("contoso", "fan", """{"speedPercent":20}""");

        JsonNode answer = await Service.InvokeAsync("contoso.boost", """{"seconds":1}""");
        JsonNode again = await Service.InvokeAsync("contoso.boost", """{"seconds":1}""");

        Assert.Equal(202, (int)answer["status"]!);
        Assert.Equal("pending", answer.TextAt("payload.lastChange.state"));
        Assert.Equal(409, (int)again["status"]!);
        JsonNode reported = await Service.WaitReportedAsync(all => all.TextAt("contoso.fanBoost.lastChange.state") == "completed", "the end of the boost");
        Assert.Equal("false", reported.TextAt("contoso.fanBoost.running"));
        Assert.Equal("51", (await File.ReadAllTextAsync(system.Attribute("pwm0"))).Trim());
    }

    [Fact]
    public async Task ReportAll_ReportsWhatNobodyDesired()
    {
        JsonNode answer = await Service.InvokeAsync("windows.reportAllAsync");

        Assert.Equal(202, (int)answer["status"]!);
        await Service.WaitReportedAsync(
            all => all.At("windows.deviceInfo.model") is not null && all.At("windows.timeInfo.localTime") is not null && all.At("windows.timeService.enabled") is not null
                && all.At("windows.rebootInfo.lastBootTime") is not null && all.At("windows.windowsTelemetry") is not null && all.At("contoso.fan.pwm") is not null,
            "every section");
    }

    [Fact]
    public async Task ClearReported_EmptiesTheCoreNodeAlone()
    {
        await Service.ManageAsync("windows", "deviceInfo", "{}");
        await Service.ManageAsync("contoso", "fan", """{"speedPercent":25}""");

        JsonNode answer = await Service.InvokeAsync("windows.clearReportedPropertiesAsync");

        Assert.Equal(202, (int)answer["status"]!);
        JsonNode reported = await Service.WaitReportedAsync(all => all.At("windows.deviceInfo") is null, "windows cleared");
        Assert.NotNull(reported.At("contoso.fan"));
        Assert.NotNull(reported.At("modularDM.plugins"));

        JsonNode section = await Service.ManageAsync("windows", "deviceInfo", """{"again":1}""");
        Assert.NotNull(section["model"]);
    }

    [Fact]
    public async Task Application_BadPayload_IsAnsweredInItsOwnWords()
    {
        JsonNode answer = await Service.InvokeAsync("appliance.setBusy", """{"busy":"very"}""");

        Assert.Equal(400, (int)answer["status"]!);
        Assert.Contains("busy", answer.TextAt("payload.error"), StringComparison.Ordinal);
    }
}
