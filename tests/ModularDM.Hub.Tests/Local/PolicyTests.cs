using System.Text.Json;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;
using MQTTnet;

namespace ModularDM.Hub.Tests.Local;

public sealed class PolicyTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
    private LocalHub hub = null!;
    private ServiceClient owner = null!;

    public async ValueTask InitializeAsync()
    {
        hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = ["d"] });
        owner = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        owner.Dispose();
        await hub.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Policy_ThatWasAdded_OpensWhatItHoldsUntilItIsRemoved()
    {
        ServiceAnswer made = await PutAsync("reader", "RegistryRead");
        Assert.Equal(32, made.Json.GetProperty("primaryKey").GetBytesFromBase64().Length);
        using var reader = new ServiceClient(hub.GetServiceConnectionString("reader"), hub.CaFile, TimeProvider.System);
        string token = reader.NewToken();
        Assert.Equal(200, (await reader.SendAsync("GET", "/devices/d", token: token)).Status);
        Assert.Equal(401, (await reader.SendAsync("GET", "/twins/d", token: token)).Status);

        // A token that was taken before is looked at anew when its policy changes.
        Assert.Equal(made.Json.GetProperty("primaryKey").GetString(), (await PutAsync("reader", "ServiceConnect")).Json.GetProperty("primaryKey").GetString());
        Assert.Equal(401, (await reader.SendAsync("GET", "/devices/d", token: token)).Status);
        Assert.Equal(200, (await reader.SendAsync("GET", "/twins/d", token: token)).Status);
        Assert.Equal(204, (await owner.SendAsync("DELETE", "/modulardm/policies/reader", version: false)).Status);
        Assert.Equal(401, (await reader.SendAsync("GET", "/twins/d", token: token)).Status);
        Assert.Equal(404, (await owner.SendAsync("DELETE", "/modulardm/policies/reader", version: false)).Status);
    }

    [Fact]
    public async Task Policy_WithDeviceConnect_OpensDevicesAndOutlivesARestart()
    {
        string key = (await PutAsync("gateways", "DeviceConnect")).Json.GetProperty("primaryKey").GetString()!;
        await hub.DisposeAsync();
        hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder });
        string token = SasToken.Create("localhost/devices/d", key, TimeProvider.System.GetUtcNow().AddHours(1), "gateways");
        await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, TimeProvider.System);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(token));
    }

    [Fact]
    public async Task Policies_ListAndBounds_AreHeld()
    {
        Assert.Equal(400, (await PutAsync("iothubowner", "RegistryRead")).Status);
        Assert.Equal(400, (await PutAsync("a%20b", "RegistryRead")).Status);
        Assert.Equal(400, (await PutAsync("x", "Everything")).Status);
        Assert.Equal(400, (await PutAsync("x", "Enrollments")).Status);
        Assert.Equal(400, (await owner.SendAsync("PUT", "/modulardm/policies/x", "{}", version: false)).Status);
        Assert.Equal(400, (await owner.SendAsync("DELETE", "/modulardm/policies/service", version: false)).Status);

        // Two of the five that every hub has hold ServiceConnect.
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(200, (await PutAsync($"s{i}", "ServiceConnect")).Status);
        }

        Assert.Equal(400, (await PutAsync("s8", "ServiceConnect")).Status);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await PutAsync($"r{i}", "RegistryRead")).Status);
        }

        Assert.Equal(400, (await PutAsync("r3", "RegistryRead")).Status);
        Assert.Equal(200, (await PutAsync("r2", "RegistryWrite")).Status);
        ServiceAnswer list = await owner.SendAsync("GET", "/modulardm/policies", version: false);
        Assert.Equal(17, list.Json.GetArrayLength()); // Sixteen, and the provisioning service's.
        Assert.DoesNotContain(HubConnectionString.Parse(hub.ServiceConnectionString).SharedAccessKey!, list.Body, StringComparison.Ordinal);
        using var service = new ServiceClient(hub.GetServiceConnectionString("registryReadWrite"), hub.CaFile, TimeProvider.System);
        Assert.Equal(401, (await service.SendAsync("PUT", "/modulardm/policies/y", """{"permissions":["RegistryRead"]}""", version: false)).Status);
    }

    private Task<ServiceAnswer> PutAsync(string name, string permission) =>
        owner.SendAsync("PUT", "/modulardm/policies/" + name, $$"""{"permissions":["{{permission}}"]}""", version: false);
}
