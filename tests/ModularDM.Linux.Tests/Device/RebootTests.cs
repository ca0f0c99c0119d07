using ModularDM.Contracts.Configurator;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Device;

/// <summary>These reboot their device for real, so that it is theirs alone.</summary>
public sealed class RebootTests(LinuxDevice device) : IClassFixture<LinuxDevice>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly TimeProvider s_clock = TimeProvider.System;

    [Fact]
    public async Task Schedules_Set_SurviveARebootAndAPowerCut()
    {
        DateTimeOffset single = Seconds(s_clock.GetUtcNow().AddDays(2));
        DateTimeOffset daily = Seconds(s_clock.GetUtcNow().AddDays(40));
        await device.SendAsync(new SetRebootSchedule { Single = single, Daily = daily });
        RebootSchedule before = await device.SendAsync(new GetRebootSchedule());
        Assert.Equal((single, daily), (before.Single, before.Daily));

        await RebootedAsync(device.Container.RebootAsync);
        RebootSchedule after = await device.SendAsync(new GetRebootSchedule());
        Assert.Equal((single, daily), (after.Single, after.Daily));
        Assert.True(after.LastBoot > before.LastBoot, $"{after.LastBoot} is not after {before.LastBoot}");
        string timers = (await device.Container.RunAsync("systemctl", "list-timers", "--no-pager", "modulardm-*")).Text;
        Assert.Contains("modulardm-reboot-single.timer", timers, StringComparison.Ordinal);
        Assert.Contains("modulardm-reboot-daily.timer", timers, StringComparison.Ordinal);

        await RebootedAsync(async () =>
        {
            await device.Container.CutPowerAsync();
            await device.Container.BootAgainAsync();
        });
        RebootSchedule again = await device.SendAsync(new GetRebootSchedule());
        Assert.Equal((single, daily), (again.Single, again.Daily));

        await ClearAsync();
        Assert.Equal(2, (await device.Container.RunAsync("sh", "-c", "ls /etc/systemd/system/modulardm-reboot-*.timer")).ExitCode);
    }

    [Fact]
    public async Task Daily_FromADayOn_FiresOnThatDayAndEveryDayAfterIt()
    {
        var first = new DateTimeOffset(s_clock.GetUtcNow().Year + 1, 1, 31, 3, 4, 5, TimeSpan.Zero);
        await device.SendAsync(new SetRebootSchedule { Daily = first });
        string next = await NextElapseAsync();
        Assert.Equal(Timestamp(first), next);
        string lines = (await device.Container.RunAsync("sh", "-c", "sed -n 's/^OnCalendar=//p' /etc/systemd/system/modulardm-reboot-daily.timer")).Text;
        foreach (int day in (int[])[-20, 0, 1, 28, 59, 333, 334, 335, 700, 3000])
        {
            DateTimeOffset expected = day < 0 ? first : first.AddDays(day);
            Assert.Equal(expected, await NextAsync(lines.Split('\n'), first.AddDays(day).AddHours(-1)));
        }

        string verify = (await device.Container.RunAsync("systemd-analyze", "verify", "modulardm-reboot-daily.timer", "modulardm-reboot.service")).Text;
        Assert.Equal("", verify);
        await ClearAsync();
    }

    [Fact]
    public async Task Single_WhenItsMomentComes_RebootsOnce()
    {
        RebootSchedule before = await device.SendAsync(new GetRebootSchedule());
        DateTimeOffset at = Seconds(s_clock.GetUtcNow().AddSeconds(4));
        await device.SendAsync(new SetRebootSchedule { Single = at });
        await RebootedAsync(() => device.Container.WaitForRebootAsync(s_limit));
        Assert.True(s_clock.GetUtcNow() >= at);
        RebootSchedule after = await device.SendAsync(new GetRebootSchedule());
        Assert.True(after.LastBoot > before.LastBoot);
        Assert.Equal(at, after.Single);
        await ClearAsync();
    }

    [Fact]
    public async Task Daily_WhenItsMomentComes_RebootsAndWaitsForTheNextDay()
    {
        DateTimeOffset at = Seconds(s_clock.GetUtcNow().AddSeconds(4));
        await device.SendAsync(new SetRebootSchedule { Daily = at });
        await RebootedAsync(() => device.Container.WaitForRebootAsync(s_limit));
        Assert.Equal(at, (await device.SendAsync(new GetRebootSchedule())).Daily);
        string next = await NextElapseAsync();
        Assert.Equal(Timestamp(at.AddDays(1)), next);
        await ClearAsync();
    }

    [Fact]
    public async Task Single_InThePast_IsKeptAndDoesNothing()
    {
        DateTimeOffset past = Seconds(s_clock.GetUtcNow().AddDays(-3));
        await device.SendAsync(new SetRebootSchedule { Single = past });
        Assert.Equal(past, (await device.SendAsync(new GetRebootSchedule())).Single);
        await ClearAsync();
    }

    [Fact]
    public async Task Schedule_WhoseTimerSomebodyStopped_IsNotReported()
    {
        await device.SendAsync(new SetRebootSchedule { Single = Seconds(s_clock.GetUtcNow().AddDays(1)) });
        _ = (await device.Container.RunAsync("systemctl", "stop", "modulardm-reboot-single.timer")).Text;
        Assert.Null((await device.SendAsync(new GetRebootSchedule())).Single);
        await ClearAsync();
    }

    [Fact]
    public async Task Schedule_WhoseFileSystemdHasNotReadYet_IsNotReported()
    {
        await device.SendAsync(new SetRebootSchedule { Single = Seconds(s_clock.GetUtcNow().AddDays(1)) });
        // As a configurator leaves it that dies between writing the file and starting the timer anew.
        _ = (await device.Container.RunAsync("sed", "-i", "s/^At=.*/At=2190-01-01T00:00:00Z/; s/^OnCalendar=.*/OnCalendar=2190-01-01 00:00:00 UTC/", "/etc/systemd/system/modulardm-reboot-single.timer")).Text;
        Assert.Null((await device.SendAsync(new GetRebootSchedule())).Single);
        await ClearAsync();
    }

    [Fact]
    public async Task RebootNow_WithoutGrace_RebootsAndIsRemembered()
    {
        RebootSchedule before = await device.SendAsync(new GetRebootSchedule());
        DateTimeOffset asked = s_clock.GetUtcNow();
        await device.SendAsync(new RebootNow { Reason = "a test asks for it" });
        await RebootedAsync(() => device.Container.WaitForRebootAsync(s_limit));
        RebootSchedule after = await device.SendAsync(new GetRebootSchedule());
        Assert.True(after.LastBoot > before.LastBoot);
        Assert.True(after.LastCommand >= asked);
    }

    [Fact]
    public async Task RebootNow_WithGrace_IsScheduledThenReboots()
    {
        await device.UsePolicyAsync("\"graceSeconds\": 3");
        try
        {
            await device.SendAsync(new RebootNow { Reason = "a test asks for it" });
            string scheduled = (await device.Container.RunAsync(
                "busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "ScheduledShutdown")).Text;
            Assert.StartsWith("(st) \"reboot\" ", scheduled, StringComparison.Ordinal);
            await RebootedAsync(() => device.Container.WaitForRebootAsync(s_limit));
        }
        finally
        {
            await device.UsePolicyAsync("\"graceSeconds\": 0");
        }
    }

    [Fact]
    public async Task RebootNow_WhileAnInhibitorBlocks_IsRefusedByName()
    {
        _ = (await device.Container.RunAsync(
            "systemd-run", "--unit=contoso-updater", "systemd-inhibit", "--what=shutdown:idle", "--who=contoso-updater", "--why=writing firmware", "--mode=block", "sleep", "300")).Text;
        try
        {
            await WaitForAsync(async () => (await device.SendAsync(new GetRebootPolicy())).Inhibitors.Contains("contoso-updater: writing firmware"));
            ConfiguratorError error = await device.RefusedAsync(new RebootNow { Reason = "a test asks for it" });
            Assert.Equal(ConfiguratorErrorCode.Conflict, error.Code);
            Assert.Contains("contoso-updater", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            _ = (await device.Container.RunAsync("systemctl", "stop", "contoso-updater.service")).Text;
        }

        await WaitForAsync(async () => (await device.SendAsync(new GetRebootPolicy())).Inhibitors.Count == 0);
    }

    [Fact]
    public async Task Schedule_CutOffByAPowerCut_CanBeReadAndSetAfterwards()
    {
        Task<Contracts.Configurator.Wire.ResponseFrame?> change = device.TrySendAsync(new SetRebootSchedule { Daily = Seconds(s_clock.GetUtcNow().AddDays(1)) });
        await RebootedAsync(async () =>
        {
            await device.Container.CutPowerAsync();
            await change;
            await device.Container.BootAgainAsync();
        });
        _ = await device.SendAsync(new GetRebootSchedule());
        DateTimeOffset daily = Seconds(s_clock.GetUtcNow().AddDays(3));
        await device.SendAsync(new SetRebootSchedule { Daily = daily });
        Assert.Equal(daily, (await device.SendAsync(new GetRebootSchedule())).Daily);
        await ClearAsync();
    }

    private static string Timestamp(DateTimeOffset moment) => moment.UtcDateTime.ToString("ddd yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    private async Task<string> NextElapseAsync() =>
        (await device.Container.RunAsync("systemctl", "show", "--property=NextElapseUSecRealtime", "--value", "modulardm-reboot-daily.timer")).Text;

    /// <summary>The first moment after a base that any of the expressions names, as systemd reckons it.</summary>
    private async Task<DateTimeOffset> NextAsync(IEnumerable<string> calendars, DateTimeOffset after)
    {
        string text = (await device.Container.RunAsync(
            ["systemd-analyze", "calendar", $"--base-time={after.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC", .. calendars])).Text;
        return text.Split('\n')
            .Where(line => line.Contains("Next elapse: ", StringComparison.Ordinal) && line.EndsWith(" UTC", StringComparison.Ordinal))
            .Select(line => DateTimeOffset.ParseExact(
                line.Split("Next elapse: ")[1], "ddd yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal))
            .Min();
    }

    private static DateTimeOffset Seconds(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds());

    private static async Task WaitForAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(s_limit, s_clock);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), s_clock, limit.Token);
        }
    }

    private async Task RebootedAsync(Func<Task> reboot)
    {
        await reboot();
        device.Disconnect();
    }

    private async Task ClearAsync()
    {
        await device.SendAsync(new SetRebootSchedule());
        RebootSchedule schedule = await device.SendAsync(new GetRebootSchedule());
        Assert.Null(schedule.Single);
        Assert.Null(schedule.Daily);
    }
}
