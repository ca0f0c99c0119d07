using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Device;

[Collection<SettingsCollection>]
public sealed class DeviceInfoTests(LinuxDevice device)
{
    [Fact]
    public async Task DeviceInfo_OfARealSystem_IsWhatTheSystemSays()
    {
        string machineId = (await device.Container.RunAsync("cat", "/etc/machine-id")).Text;
        DeviceInfoValues info = await device.SendAsync(new GetDeviceInfo());

        Assert.Equal("contoso-device", info.Name);
        Assert.Equal("container", info.Type);
        Assert.Equal((await device.Container.RunAsync("sh", "-c", ". /etc/os-release; echo $PRETTY_NAME")).Text, info.OsEdition);
        Assert.Equal((await device.Container.RunAsync("sh", "-c", ". /etc/os-release; echo $VERSION_ID")).Text, info.OsVer);
        Assert.Equal("Linux " + (await device.Container.RunAsync("uname", "-r")).Text, info.Platform);
        Assert.Equal((await device.Container.RunAsync("sh", "-c", "echo $(( $(df --output=size -k / | tail -1) / 1024 ))")).Text, info.TotalStorage);
        Assert.True(int.Parse(info.TotalMemory, System.Globalization.CultureInfo.InvariantCulture) > 64);
        Assert.Equal("404", info.CommercializationOperator);
        Assert.Equal("-1", info.BatteryRemaining);
        Assert.Equal(32, info.Id.Length);
        Assert.NotEqual(machineId, info.Id);
        Assert.DoesNotContain("<error>", info.ToString(), StringComparison.Ordinal);
        Assert.Equal(info, await device.SendAsync(new GetDeviceInfo()));
    }

    [Fact]
    public async Task DeviceId_OfThisApplication_IsSystemdsOwnHash()
    {
        DeviceInfoValues info = await device.SendAsync(new GetDeviceInfo());
        string expected = (await device.Container.RunAsync("systemd-id128", "machine-id", "--app-specific=6a2f3a51-5c0e-4b43-9d2b-0a7d7a5c4e11")).Text;
        Assert.Equal(expected, info.Id);
    }

    [Fact]
    public async Task Telemetry_OnLinux_IsNotSupported()
    {
        ConfiguratorError error = await device.RefusedAsync(new GetTelemetryLevel());
        Assert.Equal(ConfiguratorErrorCode.NotSupported, error.Code);
    }
}
