using ModularDM.Hub.Local;
using MQTTnet;

namespace ModularDM.Hub.Tests.Local;

public sealed class ModelIdTests
{
    [Fact]
    public async Task Connect_ModelId_IsInTheTwinAndOutlivesARestart()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = ["d"] };
        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            Assert.Equal("", await ModelIdAsync(hub));
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, TimeProvider.System);

            // One of the common SDKs escapes the model's id and another does not.
            Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(userName: "localhost/d/?api-version=2020-09-30&model-id=dtmi%3Acom%3Acontoso%3Afan%3B1"));
            Assert.Equal("dtmi:com:contoso:fan;1", await ModelIdAsync(hub));
        }

        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            Assert.Equal("dtmi:com:contoso:fan;1", await ModelIdAsync(hub));
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, TimeProvider.System);
            Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync());
            Assert.Equal("", await ModelIdAsync(hub));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string?> ModelIdAsync(LocalHub hub)
    {
        using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
        return (await service.SendAsync("GET", "/twins/d")).Json.GetProperty("modelId").GetString();
    }
}
