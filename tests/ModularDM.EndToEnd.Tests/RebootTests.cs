using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

/// <summary>Reboots, with the application's say in them. The tests follow each other, since each leaves a device that has just started.</summary>
public sealed class RebootTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private DeviceService Service => system.Service;

    [Fact]
    public async Task Reboot_ApplicationAllows_RestartsTheHostAndMovesTheBootTime()
    {
        JsonNode before = await Service.ManageAsync("windows", "rebootInfo", "{}");
        int host = system.ProcessOf("host");
        // Boot times are reported in whole seconds.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TimeProvider.System, TestContext.Current.CancellationToken);

        JsonNode answer = await Service.InvokeAsync("windows.rebootAsync");

        Assert.Equal(202, (int)answer["status"]!);
        Assert.Equal("pending", answer.TextAt("payload.lastChange.state"));
        await Service.WaitReportedAsync(all => all.TextAt("windows.rebootCmd.response") == "scheduled", "the reboot scheduled");
        await system.WaitForNextAsync("host", host);
        long version = await Service.PatchDesiredAsync("""{"windows":{"rebootInfo":{"dailyRebootTime":""}}}""");
        JsonNode after = await Service.WaitSectionAsync("windows.rebootInfo", version);
        Assert.True(string.CompareOrdinal(before.TextAt("lastBootTime"), after.TextAt("lastBootTime")) < 0, $"{before["lastBootTime"]} did not move: {after["lastBootTime"]}");
        Assert.Equal("accepted", after.TextAt("lastRebootCmdStatus"));
        Assert.Equal("completed", (await Service.GetReportedAsync()).TextAt("windows.rebootCmd.lastChange.state"));
    }

    [Fact]
    public async Task Reboot_ApplicationBusy_IsRejectedAndNothingHappens()
    {
        int host = system.ProcessOf("host");
        JsonNode busy = await TestTimeouts.WaitForAsync(
            async () => await Service.InvokeAsync("appliance.setBusy", """{"busy":true}""") is var said && (int)said["status"]! == 200 ? said : null,
            () => Task.FromResult("The application did not answer: " + system.Logs()));
        Assert.Equal("true", busy.TextAt("payload.busy"));

        JsonNode answer = await Service.InvokeAsync("windows.rebootAsync");

        Assert.Equal(202, (int)answer["status"]!);
        JsonNode reported = await Service.WaitReportedAsync(all => all.TextAt("windows.rebootCmd.response") == "rejectedByApp", "the reboot rejected");
        Assert.Equal("completed", reported.TextAt("windows.rebootCmd.lastChange.state"));
        Assert.Equal("true", reported.TextAt("appliance.busy"));
        JsonNode section = await Service.ManageAsync("windows", "rebootInfo", """{"singleRebootTime":""}""");
        Assert.Equal("rejectedByApp", section.TextAt("lastRebootCmdStatus"));
        Assert.Equal(host, system.ProcessOf("host"));
        await Service.InvokeAsync("appliance.setBusy", """{"busy":false}""");
    }
}
