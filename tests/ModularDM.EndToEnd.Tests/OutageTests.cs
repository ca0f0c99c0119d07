using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class OutageTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private const int ConfiguratorUnavailable = unchecked((int)0xA0009005);

    [Fact]
    public async Task Configurator_Away_FailsInWordsAndHealsByItself()
    {
        await system.Service.ManageAsync("windows", "timeInfo", """{"ntpServer":"before.example.com"}""");

        // Without its policy it does not start, however often the supervisor tries.
        string away = system.Policy + ".away";
        File.Move(system.Policy, away);
        await system.KillAsync("configurator");
        JsonNode section = await system.Service.ManageAsync("windows", "timeInfo", """{"ntpServer":"during.example.com"}""");

        Assert.Equal("failed", section.TextAt("lastChange.state"));
        Assert.Equal(ConfiguratorUnavailable, (int)section.At("lastChange.errCode")!);
        Assert.Contains("configurator", section.TextAt("lastChange.errContext"), StringComparison.OrdinalIgnoreCase);
        JsonNode reported = await system.Service.WaitReportedAsync(all => all.TextAt("modularDM.summary.failed") == "1", "the failure in the summary");
        Assert.Equal("failed", reported.TextAt("modularDM.summary.state"));

        File.Move(away, system.Policy);
        reported = await system.Service.WaitReportedAsync(
            all => all.TextAt("windows.timeInfo.ntpServer") == "during.example.com" && all.TextAt("windows.timeInfo.lastChange.state") == "completed",
            "healed by itself",
            TimeSpan.FromSeconds(60));
        Assert.Null(reported.At("windows.timeInfo.lastChange.errContext"));
        await system.Service.WaitReportedAsync(all => all.TextAt("modularDM.summary.state") == "ok", "a healthy summary");
    }

    [Fact]
    public async Task Hub_AwayWhileTheDeviceChanges_IsToldWhenItIsBack()
    {
        await system.Service.ManageAsync("contoso", "thermometer", """{"intervalSeconds":1,"thresholdCelsius":90}""");
        await system.KillAsync("hub");
        // The reading that crosses the threshold is reported by the plugin, not by desired.
        await File.WriteAllTextAsync(system.Attribute("temp0_input"), "95000");

        await TestTimeouts.WaitForAsync<object>(
            async () =>
            {
                try
                {
                    return (await system.Service.GetReportedAsync()).TextAt("contoso.thermometer.tooHot") == "true" ? "" : null;
                }
                catch (HttpRequestException)
                {
                    return null;
                }
            },
            () => Task.FromResult("Not told: " + system.Logs()),
            TimeSpan.FromSeconds(60));
    }
}
