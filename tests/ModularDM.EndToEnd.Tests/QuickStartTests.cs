using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

public sealed class QuickStartTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Start_Ready_SaysWhereEverythingIsAndStopsWithoutATrace()
    {
        await using var system = new QuickStartSystem();
        await system.StartAsync();

        var ready = (JsonObject)system.Ready;
        Assert.Equal(
            ["hub", "dashboard", "deviceId", "deviceConnectionString", "serviceConnectionString", "configuratorSocket", "pluginsFolder", "pids"],
            ready.Select(member => member.Key));
        Assert.Equal(["host", "mqttPort", "httpsPort", "caFile"], ((JsonObject)ready["hub"]!).Select(member => member.Key));
        Assert.Equal(["hub", "configurator", "host", "dashboard"], ((JsonObject)ready["pids"]!).Select(member => member.Key));
        Assert.Null(ready["dashboard"]);
        Assert.Null(ready.At("pids.dashboard"));
        Assert.Equal("127.0.0.1", ready.TextAt("hub.host"));
        Assert.StartsWith("HostName=localhost;DeviceId=" + ready["deviceId"], (string)ready["deviceConnectionString"]!, StringComparison.Ordinal);
        Assert.EndsWith($";GatewayHostName=127.0.0.1:{ready.At("hub.mqttPort")}", (string)ready["deviceConnectionString"]!, StringComparison.Ordinal);
        Assert.EndsWith($";GatewayHostName=127.0.0.1:{ready.At("hub.httpsPort")}", (string)ready["serviceConnectionString"]!, StringComparison.Ordinal);
        Assert.True(File.Exists(ready.TextAt("hub.caFile")));
        Assert.True(Directory.Exists(ready.TextAt("pluginsFolder")));
        Assert.True(File.Exists(ready.TextAt("configuratorSocket")));
        int[] parts = [.. new[] { "hub", "configurator", "host" }.Select(part => (int)ready.At("pids." + part)!)];
        Assert.Equal(3, parts.Distinct().Count());
        Assert.All(parts, part => Assert.True(Signals.IsAlive(part)));

        await system.StopAsync();

        output.WriteLine($"Stopped in {system.StopTime.TotalMilliseconds:0} ms");
        Assert.True(system.StopTime < TimeSpan.FromSeconds(5), $"The stop took {system.StopTime}");
    }

    [Fact]
    public async Task Start_AgainOnTheSameData_KeepsTheDeviceAndItsState()
    {
        await using var system = new QuickStartSystem();
        await system.StartAsync();
        JsonNode applied = await system.Service.ManageAsync("windows", "timeInfo", """{"ntpServer":"time.contoso.example.com"}""");
        Assert.Equal("completed", applied.TextAt("lastChange.state"));
        string identity = system.Ready.TextAt("deviceConnectionString")!.Split(";GatewayHostName")[0];
        await system.StopAsync();

        await system.StartAsync();

        Assert.Equal(identity, system.Ready.TextAt("deviceConnectionString")!.Split(";GatewayHostName")[0]);
        Assert.Equal("time.contoso.example.com", (await system.Service.GetReportedAsync()).TextAt("windows.timeInfo.ntpServer"));
        JsonNode section = await system.Service.ManageAsync("windows", "timeInfo", """{"ntpServer":"time.example.com"}""");
        Assert.Equal("time.example.com", section.TextAt("ntpServer"));
    }

    [Fact]
    public async Task Start_PortTaken_SaysWhichInWords()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        string data = Directory.CreateTempSubdirectory("mdm-e2e-").FullName;
        try
        {
            using QuickStartProcess process = QuickStartProcess.Start(["--mqtt-port", "0", "--https-port", $"{port}", "--data", data]);
            await process.WaitAsync();

            Assert.Equal(1, process.ExitCode);
            Assert.DoesNotContain("   at ", process.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("READY", process.Output, StringComparison.Ordinal);
            Assert.Contains($"{port}", process.Errors, StringComparison.Ordinal);
            Assert.Contains("in use", process.Errors, StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Start_UnknownPlatform_IsRefusedBeforeAnythingRuns()
    {
        string data = Path.Combine(Path.GetTempPath(), "mdm-e2e-" + Path.GetRandomFileName());
        using QuickStartProcess process = QuickStartProcess.Start(["--platform", "toaster", "--data", data]);
        await process.WaitAsync();

        Assert.NotEqual(0, process.ExitCode);
        Assert.Contains("toaster", process.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }
}
