using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class SupervisionTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    [Theory]
    [InlineData("host")]
    [InlineData("configurator")]
    [InlineData("hub")]
    public async Task Part_Killed_IsStartedAgainAndTheDeviceIsManaged(string part)
    {
        int before = system.ProcessOf(part);
        int after = await system.KillAsync(part);
        Assert.NotEqual(before, after);

        string server = $"after-{part}.example.com";
        long version = await TestTimeouts.WaitForAsync<object>(
            async () =>
            {
                try
                {
                    return await system.Service.PatchDesiredAsync($$"""{"windows":{"timeInfo":{"ntpServer":"{{server}}"} } }""");
                }
                catch (HttpRequestException)
                {
                    // The hub is not back yet.
                    return null;
                }
            },
            () => Task.FromResult("The hub did not come back: " + system.Logs())) is long patched ? patched : 0;
        JsonNode reported = await system.Service.WaitReportedAsync(
            all => all.TextAt("windows.timeInfo.ntpServer") == server && all.TextAt("windows.timeInfo.lastChange.state") == "completed", $"{server} after {part} was killed");

        Assert.True((long)reported.At("windows.timeInfo.lastChange.version")! >= version);
        await system.Service.WaitReportedAsync(
            all => all.TextAt("modularDM.summary.pending") == "0" && all.TextAt("modularDM.summary.failed") == "0", "a healthy summary");
    }
}
