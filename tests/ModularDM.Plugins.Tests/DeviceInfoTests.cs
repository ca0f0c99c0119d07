using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.DeviceInfo;

namespace ModularDM.Plugins.Tests;

public sealed class DeviceInfoTests : IDisposable
{
    private static readonly string[] s_members =
    [
        "batteryRuntime", "batteryRemaining", "batteryStatus", "osEdition", "secureBootState", "totalMemory", "totalStorage", "name",
        "processorArchitecture", "commercializationOperator", "displayResolution", "radioSwVer", "processorType", "platform", "osVer", "fwVer", "hwVer",
        "oem", "type", "lang", "dmVer", "model", "manufacturer", "id",
    ];

    private readonly FakeDevice _device = new();
    private readonly DeviceInfoSection _section;

    public DeviceInfoTests() => _section = new DeviceInfoSection(_device.Context);

    public void Dispose() => _device.Dispose();

    [Fact]
    public async Task Read_ReportsThe24StringsInTheirOrder()
    {
        JsonElement report = await SectionTester.ReadAsync(_section, TestContext.Current.CancellationToken);

        Assert.Equal(s_members, report.EnumerateObject().Select(member => member.Name));
        Assert.All(report.EnumerateObject(), member => Assert.Equal(JsonValueKind.String, member.Value.ValueKind));
        Assert.Equal("CT-900", report.GetProperty("model").GetString());
        Assert.Equal("<error>", report.GetProperty("totalStorage").GetString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "please": ["report", 1], "batteryStatus": 7 }""")]
    public async Task Apply_AnyObject_CompletesWithoutChanges(string json)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, json, TestContext.Current.CancellationToken);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Empty(_device.Context.Configurator.Changes);
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, "{}", TestContext.Current.CancellationToken);

    [Fact]
    public async Task Read_RootUnreachable_SaysSo()
    {
        _device.Context.Configurator.Fail<GetDeviceInfo>(ConfiguratorErrorCode.Unavailable, "nobody home");

        ConfiguratorException e = await Assert.ThrowsAsync<ConfiguratorException>(() => SectionTester.ReadAsync(_section, TestContext.Current.CancellationToken));

        Assert.Equal(ErrorCodes.ConfiguratorUnavailable, SectionError.From(e).Code);
    }
}
