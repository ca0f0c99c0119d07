using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class TransportTests
{
    private const HubTransport Mqtt = HubTransport.Mqtt;
    private const HubTransport WebSocket = HubTransport.WebSocket;
    private static readonly HubEndpoint s_usual = new("contoso.example.com", 8883);

    [Fact]
    public async Task Connect_ByWebSocket_UsesTheHubsPathAndSubProtocol()
    {
        await using var hub = new RawHub(webSocket: true);
        await using var device = new TestDevice();
        device.Options.ConnectionString = ConnectionString(1);
        (device.Options.Transport, device.Options.WebSocketPort) = (WebSocket, hub.Port);

        device.Run();

        RawLink link = await hub.Links.ReadAsync(device.Limit);
        Assert.Equal("/$iothub/websocket mqtt", link.Path);
        Assert.Equal("thermostat", link.ClientId);
        await device.ConnectedAsync();
    }

    [Fact]
    public async Task Connect_ByWebSocketWithACertificate_ShowsIt()
    {
        await using var hub = new RawHub(webSocket: true);
        await using var device = new TestDevice();
        (string pem, string hash) = TestDevice.Certificate("thermostat");
        device.Options.ConnectionString = "HostName=contoso.example.com;DeviceId=thermostat;x509=true;GatewayHostName=localhost";
        device.Options.CertificateFile = device.File("device.pem", pem);
        (device.Options.Transport, device.Options.WebSocketPort) = (WebSocket, hub.Port);

        device.Run();

        Assert.Equal(hash, (await hub.Links.ReadAsync(device.Limit)).CertificateHash);
    }

    [Fact]
    public async Task Connect_ThroughAProxyThatAsksForAPassword_Tunnels()
    {
        await using var hub = new RawHub(webSocket: true);
        await using var proxy = new ConnectProxy("contoso:open sesame");
        await using var device = new TestDevice();
        device.Options.ConnectionString = ConnectionString(1);
        (device.Options.Transport, device.Options.WebSocketPort, device.Options.Proxy) = (WebSocket, hub.Port, proxy.Address);
        device.Options.ProxyCredentialsFile = device.File("proxy.txt", "contoso:open sesame\n");

        device.Run();

        await device.ConnectedAsync();
        Assert.Equal($"localhost:{hub.Port}", await proxy.Tunnels.ReadAsync(device.Limit));
        Assert.DoesNotContain("sesame", device.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ProxyRefusesThePassword_SaysSo()
    {
        await using var proxy = new ConnectProxy("contoso:open sesame");
        await using var device = new TestDevice();
        device.Options.ConnectionString = ConnectionString(1);
        (device.Options.Transport, device.Options.Proxy) = (WebSocket, proxy.Address);
        device.Options.ProxyCredentialsFile = device.File("proxy.txt", "contoso:wrong");

        device.Run();

        await device.Log.WaitForAsync("407", device.Limit);
        Assert.False(proxy.Tunnels.TryRead(out _));
        Assert.DoesNotContain("wrong", device.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_MqttPortClosed_FallsBackToWebSocketAndReturnsAtTheRenewal()
    {
        int mqttPort = ClosedPort();
        await using var socket = new RawHub(webSocket: true);
        await using var device = new TestDevice();
        device.Options.ConnectionString = ConnectionString(mqttPort);
        (device.Options.Transport, device.Options.WebSocketPort, device.Options.TokenLifetimeMinutes) = (HubTransport.Auto, socket.Port, 10);
        device.Options.KeepAliveSeconds = 1177;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());

        device.Run(clock);
        RawLink fallback = await IdentityTests.NextLinkAsync(socket, clock, device.Limit);
        await device.ConnectedAsync();
        clock.Advance(TimeSpan.FromMinutes(8.6));
        await device.Log.WaitForAsync($"No connection to contoso.example.com as thermostat (Mqtt)", device.Limit);
        RawLink again = await IdentityTests.NextLinkAsync(socket, clock, device.Limit);

        Assert.Equal("/$iothub/websocket mqtt", fallback.Path);
        Assert.NotSame(fallback, again);
        Assert.Equal(3, device.Log.Text.Split("(Mqtt)").Length);
    }

    [Theory]
    [InlineData(HubTransport.Auto, HubFailure.NotConnected, WebSocket)]
    [InlineData(HubTransport.Auto, HubFailure.Timeout, WebSocket)]
    [InlineData(HubTransport.Auto, HubFailure.Unauthorized, Mqtt)]
    [InlineData(HubTransport.Auto, HubFailure.Throttled, Mqtt)]
    [InlineData(HubTransport.Auto, HubFailure.Refused, Mqtt)]
    [InlineData(Mqtt, HubFailure.NotConnected, Mqtt)]
    [InlineData(WebSocket, HubFailure.NotConnected, WebSocket)]
    public void Failed_AfterTheFirstTry_ChangesOnlyWhereTheNetworkWasAtFault(HubTransport wanted, HubFailure failure, HubTransport next)
    {
        var choice = new TransportChoice(new HubOptions { Transport = wanted });

        choice.Failed(s_usual, failure);

        Assert.Equal(next, choice.Current);
        Assert.Equal(wanted == HubTransport.Auto && next == WebSocket, choice.IsFallback);
    }

    [Fact]
    public void Choice_OfAuto_GoesBackAndForthAndReturnsToMqttAtARenewal()
    {
        var choice = new TransportChoice(new HubOptions());
        var limit = TimeSpan.FromSeconds(60);
        Assert.Equal((Mqtt, TimeSpan.FromSeconds(15)), (choice.Current, choice.Limit(s_usual, limit)));

        choice.Failed(s_usual, HubFailure.Timeout);
        Assert.Equal((WebSocket, limit), (choice.Current, choice.Limit(s_usual, limit)));
        choice.Failed(s_usual, HubFailure.NotConnected);
        Assert.Equal(Mqtt, choice.Current);
        choice.Failed(s_usual, HubFailure.NotConnected);
        choice.Renewing();

        Assert.Equal(Mqtt, choice.Current);
        Assert.Equal(limit, new TransportChoice(new HubOptions { Transport = Mqtt }).Limit(s_usual, limit));
    }

    [Theory]
    [InlineData(443, Mqtt)]
    [InlineData(8443, WebSocket)]
    public void Failed_MqttOnAPortOfItsOwn_NeedsTheWebSocketsPortToo(int webSocketPort, HubTransport next)
    {
        var choice = new TransportChoice(new HubOptions { WebSocketPort = webSocketPort });

        choice.Failed(s_usual with { Port = 18883 }, HubFailure.NotConnected);

        Assert.Equal(next, choice.Current);
    }

    private static string ConnectionString(int port) => $"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey={TestDevice.Key};GatewayHostName=localhost:{port}";

    private static int ClosedPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
