using ModularDM.Hub.Protocol;
using MQTTnet;

namespace ModularDM.Hub.Tests.Local;

/// <summary>Which tokens open a device, as the sources state the rules.</summary>
public sealed class DeviceTokenTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Theory]
    [InlineData("localhost/devices/{d}", true)]
    [InlineData("LOCALHOST/Devices/{d}", true)]
    [InlineData("localhost/devices/{d}/", true)]
    [InlineData("localhost/devices", true)]
    [InlineData("localhost", true)]
    [InlineData("localhost:18883/devices/{d}", true)]
    [InlineData("localhost:x/devices/{d}", false)]
    [InlineData("contoso.example.com:8883/devices/{d}", false)]
    [InlineData("localhost/devices/{d}x", false)]
    [InlineData("localhost/devices/devi", false)]
    [InlineData("localhost/devices/{d}/modules/m", false)]
    [InlineData("localhost/device", false)]
    [InlineData("local", false)]
    public async Task Resource_OfAPolicysToken_CoversBySegments(string resource, bool opens)
    {
        string id = await fixture.NewDeviceAsync();
        string key = HubConnectionString.Parse(fixture.Hub.GetServiceConnectionString("device")).SharedAccessKey!;
        string token = SasToken.Create(resource.Replace("{d}", id, StringComparison.Ordinal), key, fixture.Clock.GetUtcNow().AddHours(1), "device");
        Assert.Equal(opens ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, token));
    }

    [Theory]
    [InlineData("a#b")]
    [InlineData("a?b%41")]
    [InlineData("a+b:c@d;e")]
    public async Task Resource_IdEscapedOnceMore_IsTaken(string id)
    {
        await fixture.Hub.CreateDeviceAsync(id);
        ServiceAnswer identity = await fixture.Service.SendAsync("GET", "/devices/" + Uri.EscapeDataString(id));
        string key = identity.Json.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("primaryKey").GetString()!;
        foreach (string written in (string[])[id, Uri.EscapeDataString(id)])
        {
            string token = SasToken.Create("localhost/devices/" + written, key, fixture.Clock.GetUtcNow().AddHours(1));
            await using var link = new WireDevice();
            await link.OpenAsync("127.0.0.1", fixture.Hub.MqttPort, fixture.Hub.CaFile);
            Assert.Equal([0x20, 2, 0, 0], await link.ConnectAsync(id, $"localhost/{id}/?api-version=2021-04-12", token, clean: true));
        }
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(6, false)]
    public async Task Expiry_FiveMinutesOfSkew_AreAllowed(int minutesAgo, bool opens)
    {
        string id = await fixture.NewDeviceAsync();
        string key = HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(id)).SharedAccessKey!;
        string token = SasToken.Create("localhost/devices/" + id, key, fixture.Clock.GetUtcNow().AddMinutes(-minutesAgo));
        Assert.Equal(opens ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, token));
    }

    [Theory]
    [InlineData("iothubowner", true)]
    [InlineData("device", true)]
    [InlineData("service", false)]
    [InlineData("registryRead", false)]
    [InlineData("registryReadWrite", false)]
    public async Task Policy_WithoutDeviceConnect_OpensNoDevice(string policy, bool opens)
    {
        string id = await fixture.NewDeviceAsync();
        string key = HubConnectionString.Parse(fixture.Hub.GetServiceConnectionString(policy)).SharedAccessKey!;
        string token = SasToken.Create("localhost/devices/" + id, key, fixture.Clock.GetUtcNow().AddHours(1), policy);
        Assert.Equal(opens ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, token));
    }

    private async Task<MqttClientConnectResultCode> ConnectAsync(string id, string token)
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        return await device.TryConnectAsync(token);
    }
}
