using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class DeviceConnectionTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Connect_RightKey_Succeeds()
    {
        await using RawDevice device = await NewAsync();
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync());
        Assert.Equal("Connected", (await fixture.Service.SendAsync("GET", "/twins/" + device.Id)).Json.GetProperty("connectionState").GetString());
    }

    [Fact]
    public async Task Connect_BadToken_IsNotAuthorized()
    {
        await using RawDevice device = await NewAsync();
        string otherKey = Convert.ToBase64String(new byte[32]);
        foreach (string password in (string[])[device.Password(key: otherKey), device.Password(TimeSpan.FromMinutes(-6)), device.Password(resource: "localhost/devices/other"), device.Password(resource: "contoso.example.com"), "x", ""])
        {
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync(password));
        }
    }

    [Fact]
    public async Task Connect_UnknownOrDisabledDevice_IsNotAuthorized()
    {
        await using RawDevice device = await NewAsync();
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/devices/" + device.Id, """{"status":"disabled"}""", "*")).Status);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync());
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/devices/" + device.Id, ifMatch: "*")).Status);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync());
    }

    [Fact]
    public async Task Connect_MalformedIdentifier_IsRejected()
    {
        await using RawDevice device = await NewAsync();
        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, await device.TryConnectAsync(clientId: "other"));
        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, await device.TryConnectAsync(userName: "nothing"));
    }

    [Fact]
    public async Task Connect_SecondTime_TakesOver()
    {
        await using RawDevice first = await fixture.ConnectNewAsync();
        await using var second = new RawDevice(fixture.Hub.GetDeviceConnectionString(first.Id), fixture.Hub.CaFile, fixture.Clock);
        await second.ConnectAsync();
        await first.ClosedAsync();
        await second.SubscribeAllAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + first.Id, """{"properties":{"desired":{"a":1}}}""");
        Assert.Equal("$iothub/twin/PATCH/properties/desired/?$version=2", (await second.NextAsync()).Topic);
        Assert.False(first.HasMore);
    }

    [Fact]
    public async Task Disable_WhileConnected_ClosesTheLink()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await fixture.Service.SendAsync("PUT", "/devices/" + device.Id, """{"status":"disabled"}""", "*");
        await device.ClosedAsync();
    }

    [Fact]
    public async Task Delete_WhileConnected_ClosesTheLink()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await fixture.Service.SendAsync("DELETE", "/devices/" + device.Id, ifMatch: "*");
        await device.ClosedAsync();
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("$iothub/twin/PUT/?$rid=1")]
    [InlineData("devices/other/messages/events/")]
    [InlineData("$iothub/twin/GET/")]
    public async Task Publish_UnknownTopic_ClosesTheLink(string topic)
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await device.PublishAsync(topic);
        await device.ClosedAsync();
    }

    [Fact]
    public async Task Publish_QoS2_ClosesTheLink()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => device.PublishAsync(MqttTopics.Telemetry(device.Id), "{}", MqttQualityOfServiceLevel.ExactlyOnce));
        await device.ClosedAsync();
    }

    [Fact]
    public async Task Subscribe_QoS2AndUnknownFilter_IsGranted1AndRefused()
    {
        await using RawDevice device = await NewAsync();
        await device.ConnectAsync();
        Assert.Equal([MqttClientSubscribeResultCode.GrantedQoS1], await device.SubscribeAsync(MqttQualityOfServiceLevel.ExactlyOnce, MqttTopics.DesiredFilter));
        Assert.Equal([MqttClientSubscribeResultCode.UnspecifiedError], await device.SubscribeAsync("#"));
        Assert.Equal([MqttClientSubscribeResultCode.UnspecifiedError], await device.SubscribeAsync("devices/other/messages/devicebound/#"));
        Assert.Equal([MqttClientSubscribeResultCode.GrantedQoS0], await device.SubscribeAsync(MqttTopics.DeviceBoundFilter(device.Id)));
    }

    [Fact]
    public async Task Token_EndedTenMinutesAgo_ClosesTheLink()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using (LocalHub hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = ["d"], TimeProvider = clock }))
        {
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, clock);
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            clock.Advance(TimeSpan.FromMinutes(69));
            await device.GetTwinAsync();
            clock.Advance(TimeSpan.FromMinutes(2));
            await device.ClosedAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<RawDevice> NewAsync() =>
        new(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
}
