using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Device;

[Collection<SettingsCollection>]
public sealed class TimeServiceTests(LinuxDevice device)
{
    private const string Unit = "systemd-timesyncd.service";

    [Theory]
    [InlineData(true, ServiceStartup.Auto, true, "enabled", "active")]
    [InlineData(true, ServiceStartup.Auto, false, "enabled", "inactive")]
    [InlineData(true, ServiceStartup.Manual, true, "disabled", "active")]
    [InlineData(true, ServiceStartup.Manual, false, "disabled", "inactive")]
    [InlineData(false, ServiceStartup.Auto, false, "masked", "inactive")]
    [InlineData(false, ServiceStartup.Manual, false, "masked", "inactive")]
    public async Task TimeService_Set_IsSoInSystemdAndReadBack(bool enabled, ServiceStartup startup, bool started, string fileState, string activeState)
    {
        var wanted = new TimeServiceSettings { Enabled = enabled, Startup = startup, Started = started };
        await SetAsync(wanted);
        Assert.Equal(wanted, (await device.SendAsync(new GetTimeService())).Actual);
        Assert.Equal(fileState, (await device.Container.RunAsync("systemctl", "is-enabled", Unit)).Output.Trim());
        Assert.Equal(activeState, (await device.Container.RunAsync("systemctl", "is-active", Unit)).Output.Trim());
    }

    [Fact]
    public async Task NtpServers_Set_AreInForceAtOnceAndAfterTheServiceWasStopped()
    {
        await SetAsync(new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = true });
        await device.SendAsync(new SetNtpServer { Server = "time.contoso.example 192.0.2.1" });
        Assert.Equal("time.contoso.example 192.0.2.1", (await device.SendAsync(new GetNtpServer())).Server);
        string running = (await device.Container.RunAsync(
            "busctl", "get-property", "org.freedesktop.timesync1", "/org/freedesktop/timesync1", "org.freedesktop.timesync1.Manager", "SystemNTPServers")).Text;
        Assert.Equal("as 2 \"time.contoso.example\" \"192.0.2.1\"", running);

        await SetAsync(new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = false });
        Assert.Equal("time.contoso.example 192.0.2.1", (await device.SendAsync(new GetNtpServer())).Server);
        Assert.Equal("inactive", (await device.Container.RunAsync("systemctl", "is-active", Unit)).Output.Trim());
        await device.SendAsync(new SetNtpServer { Server = "192.0.2.2" });
        Assert.Equal("192.0.2.2", (await device.SendAsync(new GetNtpServer())).Server);
        Assert.Equal("inactive", (await device.Container.RunAsync("systemctl", "is-active", Unit)).Output.Trim());
    }

    [Fact]
    public async Task TimeService_WhoseConditionsFail_IsNotSupportedInWords()
    {
        await SetAsync(new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = false });
        const string DropIn = "/etc/systemd/system/systemd-timesyncd.service.d/zz-condition.conf";
        _ = (await device.Container.RunAsync("sh", "-c", $"printf '[Unit]\\nConditionPathExists=/absent\\n' > {DropIn} && systemctl daemon-reload")).Text;
        try
        {
            ConfiguratorError error = await device.RefusedAsync(Wish(new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = true }));
            Assert.Equal(ConfiguratorErrorCode.NotSupported, error.Code);
        }
        finally
        {
            _ = (await device.Container.RunAsync("sh", "-c", $"rm {DropIn} && systemctl daemon-reload")).Text;
        }
    }

    private static SetTimeService Wish(TimeServiceSettings settings) => new() { Settings = settings, Source = PolicySource.Remote, Priority = PolicySource.Remote };

    private async Task SetAsync(TimeServiceSettings settings) => await device.SendAsync(Wish(settings));
}
