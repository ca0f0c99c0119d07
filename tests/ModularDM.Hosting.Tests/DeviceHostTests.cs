using ModularDM.Host;

namespace ModularDM.Hosting.Tests;

public sealed class DeviceHostTests
{
    [Theory]
    [InlineData("Hub:ConnectionString", "MODULARDM_Hub__ConnectionString", "Hub:ConnectionString=sesame")]
    [InlineData("Hub:ConnectionString", "MODULARDM_Hub__ConnectionString", "--hub:connectionstring", "sesame")]
    [InlineData("Hub:Provisioning:SymmetricKey", "MODULARDM_Hub__Provisioning__SymmetricKey", "/Hub:Provisioning:SymmetricKey=sesame")]
    [InlineData("Hub:Provisioning:GroupKey", "MODULARDM_Hub__Provisioning__GroupKey", "--Hub:Provisioning:GroupKey=sesame")]
    public void CreateBuilder_SecretOnTheCommandLine_IsRefusedWithoutShowingIt(string key, string variable, params string[] settings)
    {
        var e = Assert.Throws<FormatException>(() => DeviceHost.CreateBuilder(settings));

        Assert.StartsWith($"{key} is a secret", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($"use {key}File or the environment variable {variable}.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateBuilder_OtherSettings_AreTaken() =>
        Assert.Equal("/etc/modulardm/ca.pem", DeviceHost.CreateBuilder(["Hub:CaFile=/etc/modulardm/ca.pem", "--Hub:ConnectionStringFile=x"]).Configuration["Hub:CaFile"]);
}
