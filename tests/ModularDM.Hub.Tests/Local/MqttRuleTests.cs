using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>The rules of the device side, packet by packet.</summary>
public sealed class MqttRuleTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Connect_ProtocolLevel5_IsRefusedWithCode1()
    {
        await using WireDevice device = await WireDevice.OpenedAsync(fixture.Hub);
        await device.SendPacketAsync(WirePacket.Connect(await NewDeviceAsync(), fixture.Clock.GetUtcNow(), level: 5));
        await device.ExpectAsync(0x20, 0x02, 0x00, 0x01);
        await device.ClosedAsync();
    }

    [Fact]
    public async Task Subscribe_Qos2_IsGranted1AndUnknownFilterRefused()
    {
        (WireDevice device, string id) = await ConnectAsync();
        await using (device)
        {
            await device.SendPacketAsync(WirePacket.Subscribe(1, "$iothub/methods/POST/#", 2));
            await device.ExpectAsync(0x90, 0x03, 0x00, 0x01, 0x01);
            await device.SendPacketAsync(WirePacket.Subscribe(2, "#", 0));
            await device.ExpectAsync(0x90, 0x03, 0x00, 0x02, 0x80);
            await device.SendPacketAsync(WirePacket.Subscribe(3, $"devices/{id}/messages/events/#", 0));
            await device.ExpectAsync(0x90, 0x03, 0x00, 0x03, 0x80);
        }
    }

    [Theory]
    [InlineData(0x34)]
    [InlineData(0x35)]
    public async Task Publish_Qos2_ClosesTheLinkWithoutAnAnswer(byte header)
    {
        (WireDevice device, string id) = await ConnectAsync();
        await using (device)
        {
            await device.SendPacketAsync(WirePacket.Publish(header, MqttTopics.Telemetry(id), "x", 1));
            await device.ClosedAsync();
        }
    }

    [Fact]
    public async Task Publish_ToTheQueueOfMessagesForItself_ClosesTheLink()
    {
        (WireDevice device, string id) = await ConnectAsync();
        await using (device)
        {
            await device.SendPacketAsync(WirePacket.Publish(0x30, $"devices/{id}/messages/devicebound/", "x"));
            await device.ClosedAsync();
        }
    }

    [Fact]
    public async Task Connect_SameIdentity_EndsTheFirstLinkAndHasTheSession()
    {
        (WireDevice first, string id) = await ConnectAsync();
        await using (first)
        {
            await using WireDevice second = await WireDevice.OpenedAsync(fixture.Hub);
            await second.SendPacketAsync(WirePacket.Connect(fixture.Hub.GetDeviceConnectionString(id), fixture.Clock.GetUtcNow()));
            await second.ExpectAsync(0x20, 0x02, 0x01, 0x00);
            await first.ClosedAsync();
            await second.SendPacketAsync(0xC0, 0x00);
            await second.ExpectAsync(0xD0, 0x00);
        }
    }

    [Fact]
    public async Task KeepAlive_OneSecondOfSilenceAndAHalf_ClosesTheLink()
    {
        (WireDevice device, _) = await ConnectAsync(keepAlive: 1);
        await using (device)
        {
            await device.ClosedAsync();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1178)]
    [InlineData(ushort.MaxValue)]
    public async Task KeepAlive_NoneOrTooLong_IsCappedAt1767Seconds(ushort keepAlive)
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using (LocalHub hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = ["d"], TimeProvider = clock }))
        {
            await using WireDevice device = await WireDevice.OpenedAsync(hub);
            await device.SendPacketAsync(WirePacket.Connect(hub.GetDeviceConnectionString("d"), clock.GetUtcNow(), keepAlive: keepAlive));
            await device.ExpectAsync(0x20, 0x02, 0x00, 0x00);
            clock.Advance(TimeSpan.FromSeconds(1760));
            await device.SendPacketAsync(0xC0, 0x00);
            await device.ExpectAsync(0xD0, 0x00);

            // Short of the end of the token, which would close the link too.
            clock.Advance(TimeSpan.FromSeconds(1830));
            await device.ClosedAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<string> NewDeviceAsync() => fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync());

    private async Task<(WireDevice Device, string Id)> ConnectAsync(ushort keepAlive = 60)
    {
        string id = await fixture.NewDeviceAsync();
        WireDevice device = await WireDevice.OpenedAsync(fixture.Hub);
        await device.SendPacketAsync(WirePacket.Connect(fixture.Hub.GetDeviceConnectionString(id), fixture.Clock.GetUtcNow(), keepAlive: keepAlive));
        await device.ExpectAsync(0x20, 0x02, 0x00, 0x00);
        return (device, id);
    }
}
