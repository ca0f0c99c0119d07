using System.Net.WebSockets;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>MQTT over WebSocket on the port of the services: the same rules as over TCP.</summary>
public sealed class WebSocketTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private Uri Address => new($"wss://{fixture.Hub.Host}:{fixture.Hub.HttpsPort}/$iothub/websocket");

    [Fact]
    public async Task Connect_RightKey_CarriesTwinMethodAndLargeMessage()
    {
        await using RawDevice device = await NewAsync();
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(webSocket: Address));
        await device.SubscribeAllAsync();
        Assert.Equal("""{"$version":1}""", (await device.GetTwinAsync()).GetProperty("desired").GetRawText());

        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", $"/twins/{device.Id}/methods", """{"methodName":"m"}""");
        Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
        await device.PublishAsync(MqttTopics.MethodResponse(200, rid), "7");
        Assert.Equal("""{"status":200,"payload":7}""", (await call).Body);

        await device.PublishAsync(MqttTopics.Telemetry(device.Id), $"\"{new string('x', 200_000)}\"", MqttQualityOfServiceLevel.AtLeastOnce);
        Assert.Equal(200_000, (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{device.Id}/messages", version: false)).Json[0].GetProperty("body").GetString()!.Length);
    }

    [Fact]
    public async Task Connect_WrongKey_IsNotAuthorized()
    {
        await using RawDevice device = await NewAsync();
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync(device.Password(key: Convert.ToBase64String(new byte[32])), webSocket: Address));
    }

    [Fact]
    public async Task Connect_WhereTheDeviceIsOnTcp_TakesOver()
    {
        await using RawDevice first = await fixture.ConnectNewAsync();
        await using var second = new RawDevice(fixture.Hub.GetDeviceConnectionString(first.Id), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await second.TryConnectAsync(webSocket: Address));
        await first.ClosedAsync();
        Assert.Equal("Connected", (await fixture.Service.SendAsync("GET", "/twins/" + first.Id)).Json.GetProperty("connectionState").GetString());
    }

    [Fact]
    public async Task Publish_UnknownTopic_ClosesTheLink()
    {
        await using RawDevice device = await NewAsync();
        await device.TryConnectAsync(webSocket: Address);
        await device.PublishAsync("nonsense");
        await device.ClosedAsync();
    }

    [Fact]
    public async Task Handshake_SubProtocolMqtt_IsGranted()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.RemoteCertificateValidationCallback = Trust.Only(fixture.Hub.CaFile);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await socket.ConnectAsync(Address, limit.Token);
        Assert.Equal("mqtt", socket.SubProtocol);

        // PINGREQ before CONNECT: the hub hangs up.
        await socket.SendAsync(new byte[] { 0xC0, 0x00 }, WebSocketMessageType.Binary, endOfMessage: true, limit.Token);
        WebSocketReceiveResult end = await socket.ReceiveAsync(new byte[16], limit.Token);
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
    }

    private async Task<RawDevice> NewAsync() => new(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
}
