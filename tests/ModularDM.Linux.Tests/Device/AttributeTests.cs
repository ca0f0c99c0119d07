using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Device;

[Collection<SettingsCollection>]
public sealed class AttributeTests(LinuxDevice device)
{
    [Fact]
    public async Task Attribute_Granted_IsWrittenInPlace()
    {
        string file = Path.Combine(device.Container.Share, "pwm");
        string inode = (await device.Container.RunAsync("stat", "-c", "%i", "/srv/modulardm/pwm")).Text;
        await device.SendAsync(new WriteDeviceAttribute { Name = "fan0.pwm", Value = "128" });
        Assert.Equal("128", await File.ReadAllTextAsync(file));
        await device.SendAsync(new WriteDeviceAttribute { Name = "fan0.pwm", Value = "7" });
        Assert.Equal("7", await File.ReadAllTextAsync(file));
        Assert.Equal("7", (await device.SendAsync(new ReadDeviceAttribute { Name = "fan0.pwm" })).Value);
        Assert.Equal(inode, (await device.Container.RunAsync("stat", "-c", "%i", "/srv/modulardm/pwm")).Text);
    }

    [Fact]
    public async Task Attribute_OfTheKernel_TakesTheValue()
    {
        await device.SendAsync(new WriteDeviceAttribute { Name = "forward", Value = "1" });
        Assert.Equal("1", (await device.Container.RunAsync("cat", "/proc/sys/net/ipv4/ip_forward")).Text);
        await device.SendAsync(new WriteDeviceAttribute { Name = "forward", Value = "0" });
        Assert.Equal("0", (await device.SendAsync(new ReadDeviceAttribute { Name = "forward" })).Value);
    }

    [Fact]
    public async Task Attribute_ThatIsALink_IsRefusedAndItsTargetUntouched()
    {
        ConfiguratorError error = await device.RefusedAsync(new WriteDeviceAttribute { Name = "link", Value = "x" });
        Assert.Equal(ConfiguratorErrorCode.Denied, error.Code);
        Assert.Contains("symbolic link", error.Message, StringComparison.Ordinal);
        Assert.Equal("untouched\n", await File.ReadAllTextAsync(Path.Combine(device.Container.Share, "secret")));
        Assert.Equal(ConfiguratorErrorCode.Denied, (await device.RefusedAsync(new ReadDeviceAttribute { Name = "link" })).Code);
    }

    [Fact]
    public async Task Attribute_ThatIsADevice_IsRefused() =>
        Assert.Equal(ConfiguratorErrorCode.Denied, (await device.RefusedAsync(new WriteDeviceAttribute { Name = "device", Value = "x" })).Code);

    [Fact]
    public async Task Attribute_ThatDoesNotExist_IsNotFoundAndNotCreated()
    {
        Assert.Equal(ConfiguratorErrorCode.NotFound, (await device.RefusedAsync(new WriteDeviceAttribute { Name = "absent", Value = "x" })).Code);
        Assert.False(File.Exists(Path.Combine(device.Container.Share, "absent")));
    }

    [Theory]
    [InlineData("fan0.pwm", "1000")]
    [InlineData("fan0.pwm", "../x")]
    [InlineData("fan1.pwm", "1")]
    public async Task Attribute_OutsideThePolicy_IsDenied(string name, string value)
    {
        ConfiguratorError error = await device.RefusedAsync(new WriteDeviceAttribute { Name = name, Value = value });
        Assert.Equal(ConfiguratorErrorCode.Denied, error.Code);
    }
}
