using Microsoft.Extensions.Time.Testing;
using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Operations;

public sealed class RebootOperationsTests
{
    private static readonly DateTimeOffset s_noon = new(2031, 5, 6, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Schedule_SetAndCleared_ReadsBackInUtc()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        var single = new DateTimeOffset(2016, 10, 10, 9, 0, 1, TimeSpan.FromHours(-8));
        await client.GetAsync(new SetRebootSchedule { Single = single, Daily = s_noon });
        RebootSchedule schedule = await client.GetAsync(new GetRebootSchedule());
        Assert.Equal(single, schedule.Single);
        Assert.Equal(TimeSpan.Zero, schedule.Single!.Value.Offset);
        Assert.Equal(s_noon, schedule.Daily);
        Assert.Null(schedule.LastCommand);

        await client.GetAsync(new SetRebootSchedule());
        schedule = await client.GetAsync(new GetRebootSchedule());
        Assert.Null(schedule.Single);
        Assert.Null(schedule.Daily);
    }

    [Fact]
    public async Task RebootNow_AfterTheGrace_MovesTheBootTimeAndLeavesTheMarker()
    {
        var clock = new FakeTimeProvider(s_noon);
        await using var server = new TestServer(TestPolicies.Full(reboot: """{ "graceSeconds": 30 }"""), clock: clock);
        using TestClient client = await server.ConnectAsync();
        clock.Advance(TimeSpan.FromMinutes(1));
        await client.GetAsync(new RebootNow { Reason = "operator asked" });

        // Known before the device goes down, and not yet down.
        RebootSchedule schedule = await client.GetAsync(new GetRebootSchedule());
        Assert.Equal(s_noon.AddMinutes(1), schedule.LastCommand);
        Assert.Equal(s_noon, schedule.LastBoot);
        Assert.False(File.Exists(server.Folder.File("reboot-requested")));

        clock.Advance(TimeSpan.FromSeconds(31));
        schedule = await client.GetAsync(new GetRebootSchedule());
        Assert.Equal(s_noon.AddSeconds(91), schedule.LastBoot);
        Assert.Contains("operator asked", await File.ReadAllTextAsync(server.Folder.File("reboot-requested")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RebootNow_DailySchedule_RebootsOnEachDay()
    {
        var clock = new FakeTimeProvider(s_noon);
        await using var server = new TestServer(clock: clock);
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetRebootSchedule { Daily = s_noon.AddHours(-1) });
        clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(s_noon.AddHours(23), (await client.GetAsync(new GetRebootSchedule())).LastBoot);
        clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal(s_noon.AddHours(47), (await client.GetAsync(new GetRebootSchedule())).LastBoot);
    }

    [Theory]
    [InlineData("""{ "allowReboots": false }""", ConfiguratorErrorCode.Denied, "disabled")]
    [InlineData("""{ "activeHoursStart": 11, "activeHoursEnd": 13 }""", ConfiguratorErrorCode.Conflict, "inActiveHours")]
    [InlineData("""{ "activeHoursStart": 20, "activeHoursEnd": 13 }""", ConfiguratorErrorCode.Conflict, "inActiveHours")]
    public async Task RebootNow_AgainstThePolicy_IsRefused(string reboot, ConfiguratorErrorCode code, string detail)
    {
        await using var server = new TestServer(TestPolicies.Full(reboot: reboot), clock: new FakeTimeProvider(s_noon));
        using TestClient client = await server.ConnectAsync();
        Assert.Equal(detail, (await client.FailAsync(code, new RebootNow { Reason = "r" })).Detail);
        Assert.Null((await client.GetAsync(new GetRebootSchedule())).LastCommand);
    }

    [Fact]
    public async Task RebootNow_Inhibited_NamesWhoBlocks()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await File.WriteAllTextAsync(server.Folder.File("inhibitors/press.txt"), "contoso-press: stroke under way\n");
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.Conflict, new RebootNow { Reason = "r" });
        Assert.Contains("contoso-press: stroke under way", error.Message, StringComparison.Ordinal);
        Assert.Equal(["contoso-press: stroke under way"], (await client.GetAsync(new GetRebootPolicy())).Inhibitors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("line\nbreak")]
    public async Task RebootNow_BadReason_IsRefused(string reason)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, new RebootNow { Reason = reason });
    }

    [Fact]
    public async Task AllowReboots_No_EndsByItself()
    {
        var clock = new FakeTimeProvider(s_noon);
        await using var server = new TestServer(clock: clock);
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetAllowReboots { Allow = false, LeaseSeconds = 60 });
        Assert.False((await client.GetAsync(new GetRebootPolicy())).AllowReboots);
        Assert.Equal("disabled", (await client.FailAsync(ConfiguratorErrorCode.Conflict, new RebootNow { Reason = "r" })).Detail);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.True((await client.GetAsync(new GetRebootPolicy())).AllowReboots);
    }

    [Fact]
    public async Task AllowReboots_TwoHolders_BothMustAgree()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetAllowReboots { Allow = false, LeaseSeconds = 60 }, "modulardm.a");
        await client.GetAsync(new SetAllowReboots { Allow = false, LeaseSeconds = 60 }, "modulardm.b");
        await client.GetAsync(new SetAllowReboots { Allow = true }, "modulardm.a");
        Assert.False((await client.GetAsync(new GetRebootPolicy())).AllowReboots);
        await client.GetAsync(new SetAllowReboots { Allow = true }, "modulardm.b");
        Assert.True((await client.GetAsync(new GetRebootPolicy())).AllowReboots);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 0)]
    [InlineData(false, 3601)]
    [InlineData(true, 10)]
    public async Task AllowReboots_BadLease_IsRefused(bool allow, int? seconds)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, new SetAllowReboots { Allow = allow, LeaseSeconds = seconds });
    }

    [Theory]
    [InlineData(8, 17, 7, false)]
    [InlineData(8, 17, 8, true)]
    [InlineData(8, 17, 16, true)]
    [InlineData(8, 17, 17, false)]
    [InlineData(22, 6, 23, true)]
    [InlineData(22, 6, 0, true)]
    [InlineData(22, 6, 6, false)]
    [InlineData(22, 6, 12, false)]
    [InlineData(5, 5, 5, false)]
    public void ActiveHours_AtAnHour_Hold(int start, int end, int hour, bool active)
    {
        var rules = new RebootRules(true, start, end, TimeSpan.Zero, TimeSpan.FromHours(1));
        Assert.Equal(active, rules.IsActiveAt(new DateTimeOffset(2031, 1, 1, hour, 30, 0, TimeSpan.Zero)));
    }
}
