using System.Text.Json;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Tests.Wire;

public sealed class ConfiguratorOperationsTests
{
    // Released names are permanent: a rename breaks policies, audit records and older hosts.
    [Fact]
    public void All_IsTheReleasedList() => Assert.Equal(
        [
            "csp", "getDeviceInfo", "getNtpServer", "getRebootPolicy", "getRebootSchedule", "getTelemetryLevel", "getTimeService", "getTimeZone", "readAttribute",
            "rebootNow", "runAllowedTool", "setAllowReboots", "setNtpServer", "setRebootSchedule", "setTelemetryLevel", "setTimeService", "setTimeZone",
            "writeAllowedFile", "writeAttribute",
        ],
        ConfiguratorOperations.All);

    [Fact]
    public void NameOf_EveryRequest_IsItsNameOnTheWire() => Assert.All(WireSamples.Requests, request =>
    {
        JsonElement json = JsonSerializer.SerializeToElement(request, ConfiguratorJson.Default.ConfiguratorRequest);
        Assert.Equal(json.GetProperty("op").GetString(), ConfiguratorOperations.NameOf(request));
    });

    [Fact]
    public void Requests_ThatOnlyRead_AreMarkedSo() => Assert.All(WireSamples.Requests, request =>
    {
        string name = ConfiguratorOperations.NameOf(request);
        Assert.Equal(name.StartsWith("get", StringComparison.Ordinal) || name.StartsWith("read", StringComparison.Ordinal), request is IReadOnlyRequest);
    });

    [Fact]
    public void NameOf_RequestOfNoListedType_IsRefused() => Assert.Throws<ArgumentException>(() => ConfiguratorOperations.NameOf(new Unlisted()));

    private sealed record Unlisted : ConfiguratorRequest<Done>;
}
