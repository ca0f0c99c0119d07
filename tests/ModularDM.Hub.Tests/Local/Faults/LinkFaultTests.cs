using System.Net.Sockets;
using ModularDM.Hub.Local.Faults;

namespace ModularDM.Hub.Tests.Local.Faults;

public sealed class LinkFaultTests(FaultFixture fixture) : IClassFixture<FaultFixture>
{
    [Theory]
    [InlineData(FaultKind.Drop, "FIN")]
    [InlineData(FaultKind.Reset, "RST")]
    public async Task Cut_OpenLinkOfOneDevice_EndsItAloneAndAsSaid(FaultKind kind, string end)
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        await using WireDevice other = await WireDevice.ConnectedAsync(fixture);
        InjectedFault fault = fixture.Put(new Fault { Kind = kind, DeviceId = device.Id, Times = 1 });
        Assert.Equal(end, await device.EndAsync());
        Assert.Equal((1, false), (fault.Hits, fault.InForce));
        await other.PingAsync();
        await using var again = new WireDevice(device.Id);
        Assert.Equal([0x20, 0x02, 0x01, 0x00], await again.ConnectAsync(fixture));
    }

    [Theory]
    [InlineData(FaultOperation.Connect)]
    [InlineData(FaultOperation.TwinGet)]
    [InlineData(FaultOperation.TwinReport)]
    [InlineData(FaultOperation.MethodAnswer)]
    [InlineData(FaultOperation.Message)]
    public async Task Reset_AtAnOperationOfTheDevice_EndsTheLinkBeforeTheWork(FaultOperation operation)
    {
        var device = new WireDevice(await fixture.NewDeviceAsync());
        await using WireDevice disposed = device;
        fixture.Put(new Fault { Kind = FaultKind.Reset, DeviceId = device.Id, Operation = operation, Times = 1 });
        await device.OpenAsync(fixture.Hub);
        await device.SendConnectAsync(fixture);
        if (operation != FaultOperation.Connect)
        {
            Assert.Equal([0x20, 0x02, 0x00, 0x00], await device.ReadPacketAsync());
            await device.PublishAsync(
                operation switch
                {
                    FaultOperation.TwinGet => "$iothub/twin/GET/?$rid=1",
                    FaultOperation.TwinReport => "$iothub/twin/PATCH/properties/reported/?$rid=1",
                    FaultOperation.MethodAnswer => "$iothub/methods/res/200/?$rid=1",
                    _ => $"devices/{device.Id}/messages/events/",
                },
                """{"a":1}""");
        }

        Assert.Equal("RST", await device.EndAsync());
        Assert.False((await fixture.Service.SendAsync("GET", "/twins/" + device.Id)).Json.GetProperty("properties").GetProperty("reported").TryGetProperty("a", out _));
        Assert.Equal("[]", (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{device.Id}/messages")).Body);
    }

    [Fact]
    public async Task Drop_WhenTheHubNotifies_EndsTheLinkInstead()
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync("$iothub/twin/PATCH/properties/desired/#"));
        fixture.Put(new Fault { Kind = FaultKind.Drop, DeviceId = device.Id, Operation = FaultOperation.Desired, Times = 1 });
        Assert.Equal(200, (await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"properties":{"desired":{"a":1}}}""")).Status);
        Assert.Equal("FIN", await device.EndAsync());
    }

    [Fact]
    public async Task BlackHole_OpenLink_SaysNothingEvenWhenTheHubGivesItUp()
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture, keepAlive: 1);
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.BlackHole, DeviceId = device.Id });
        await device.SendAsync(0xC0);
        while ((await fixture.Service.SendAsync("GET", "/twins/" + device.Id)).Json.GetProperty("connectionState").GetString() != "Disconnected")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, device.Waiting);
        Assert.True(await device.IsOpenAsync());
        fixture.Hub.Faults.Remove(fault.Id);
        await using var again = new WireDevice(device.Id);
        await again.ConnectAsync(fixture);
        await again.PingAsync();
    }

    [Fact]
    public async Task BlackHole_NewLink_AcceptsBytesAndAnswersNothing()
    {
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.BlackHole, Times = 1 });
        await using var device = new WireDevice("any");
        Task handshake = device.OpenAsync(fixture.Hub);
        await fault.FirstHit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        // Two devices that come later and are served show that the hub has had its turn.
        await using WireDevice other = await WireDevice.ConnectedAsync(fixture);
        await using WireDevice another = await WireDevice.ConnectedAsync(fixture);
        Assert.False(handshake.IsCompleted);
        await device.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => handshake);
    }

    [Fact]
    public async Task Stop_WithALinkInABlackHole_TakesNoLonger()
    {
        var own = new FaultFixture();
        await own.InitializeAsync();
        await using WireDevice device = await WireDevice.ConnectedAsync(own);
        own.Put(new Fault { Kind = FaultKind.BlackHole });
        await own.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Contains(await device.EndAsync(), (string[])["FIN", "RST"]);
    }

    [Theory]
    [InlineData(FaultDirection.ToHub)]
    [InlineData(FaultDirection.ToDevice)]
    public async Task Delay_OneDirection_HoldsTheBytesUntilThen(FaultDirection direction)
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync("$iothub/twin/res/#"));
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.Delay, DeviceId = device.Id, Delay = TimeSpan.FromSeconds(30), Direction = direction });
        await device.PublishAsync("$iothub/twin/GET/?$rid=1");
        await fault.FirstHit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(0, device.Waiting);
        Task<(string Topic, string Body)> answer = device.ReadPublishAsync();
        fixture.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(answer.IsCompleted);
        Assert.Equal("$iothub/twin/res/200/?$rid=1", (await fixture.AdvanceUntilAsync(answer)).Topic);
    }

    [Theory]
    [InlineData(FaultOperation.Link)]
    [InlineData(FaultOperation.TwinGet)]
    public async Task Reset_OfADeviceOnAWebSocket_EndsItsLink(FaultOperation operation)
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
        var address = new Uri($"wss://{fixture.Hub.Host}:{fixture.Hub.HttpsPort}/$iothub/websocket");
        Assert.Equal(MQTTnet.MqttClientConnectResultCode.Success, await device.TryConnectAsync(webSocket: address));
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.Reset, DeviceId = device.Id, Operation = operation, Times = 1 });
        if (operation == FaultOperation.TwinGet)
        {
            await device.PublishAsync("$iothub/twin/GET/?$rid=1");
        }

        await device.ClosedAsync();
        Assert.Equal(1, fault.Hits);
    }
}
