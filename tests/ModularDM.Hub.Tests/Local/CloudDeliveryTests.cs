using Amqp;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>How messages come to a device, packet by packet, and what their senders hear.</summary>
public sealed class CloudDeliveryTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private const byte Persistent = 0xC0;
    private const byte Clean = 0xC2;

    [Fact]
    public async Task Reconnect_SameSession_GetsTheSamePacketAgainMarkedAsRepeated()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        ushort packet;
        await using (WireDevice first = await ConnectAsync(id, Persistent, present: 0))
        {
            await SubscribeAsync(first, id);
            Assert.Null(await service.SendAsync(id, "x"));
            (byte header, string topic, packet, string body) = await first.NextPublishAsync();
            Assert.Equal((0x32, $"devices/{id}/messages/devicebound/%24.to=%2Fdevices%2F{id}%2Fmessages%2Fdevicebound", "x"), (header, topic, body));
        }

        await using WireDevice second = await ConnectAsync(id, Persistent, present: 1);
        (byte repeated, _, ushort samePacket, string sameBody) = await second.NextPublishAsync();
        Assert.Equal((0x3A, packet, "x"), (repeated, samePacket, sameBody));
        await second.SendPacketAsync(0x40, 0x02, (byte)(packet >> 8), (byte)packet);
        await second.SendPacketAsync(0xC0, 0x00);
        await second.ExpectAsync(0xD0, 0x00);
        Assert.Equal(0, await CountAsync(id));
    }

    [Fact]
    public async Task Reconnect_CleanSession_GetsNothingUntilItSubscribes()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        await LeaveUnacknowledgedAsync(service, id);
        await using WireDevice second = await ConnectAsync(id, Clean, present: 0);
        await second.SendPacketAsync(0xC0, 0x00);
        await second.ExpectAsync(0xD0, 0x00);
        await SubscribeAsync(second, id);
        (byte header, _, _, string body) = await second.NextPublishAsync();
        Assert.Equal((0x32, "x"), (header, body));
    }

    [Fact]
    public async Task Lock_EndedOnALiveLink_SendsThePacketAgain()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        await using WireDevice device = await ConnectAsync(id, Persistent, present: 0);
        await SubscribeAsync(device, id);
        Assert.Null(await service.SendAsync(id, "x"));
        (_, _, ushort packet, _) = await device.NextPublishAsync();
        fixture.Clock.Advance(TimeSpan.FromSeconds(50));
        await device.SendPacketAsync(0xC0, 0x00);
        await device.ExpectAsync(0xD0, 0x00);
        fixture.Clock.Advance(TimeSpan.FromSeconds(15));
        (byte header, _, ushort again, _) = await device.NextPublishAsync();
        Assert.Equal((0x3A, packet), (header, again));
    }

    [Fact]
    public async Task Expired_BeforeTheDeviceComes_IsNotDelivered()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(id, "soon over", m => m.Properties.AbsoluteExpiryTime = fixture.Clock.GetUtcNow().AddMinutes(1).UtcDateTime));
        Assert.Null(await service.SendAsync(id, "later over"));
        fixture.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await CountAsync(id));
        await using WireDevice device = await ConnectAsync(id, Persistent, present: 0);
        await SubscribeAsync(device, id);
        Assert.Equal("later over", (await device.NextPublishAsync()).Body);
        fixture.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await CountAsync(id));
    }

    [Fact]
    public async Task Expired_WhileUnacknowledged_IsNotRepeated()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        await LeaveUnacknowledgedAsync(service, id);
        fixture.Clock.Advance(TimeSpan.FromMinutes(61));
        await using WireDevice second = await ConnectAsync(id, Persistent, present: 1);
        await second.SendPacketAsync(0xC0, 0x00);
        await second.ExpectAsync(0xD0, 0x00);
    }

    [Fact]
    public async Task Feedback_OfEachEnd_ReachesTheSenderThatAsked()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        ReceiverLink feedback = service.Feedback();
        await using (RawDevice device = new(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock))
        {
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await device.SubscribeAsync(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce, MqttTopics.DeviceBoundFilter(id));
            foreach (string wish in (string[])["none", "negative", "positive", "full"])
            {
                Assert.Null(await service.SendAsync(id, wish, m => AmqpServiceClient.Ask(m, "done-" + wish, wish)));
                Assert.Equal(wish, (await device.NextAsync()).Body);
            }

            await device.GetTwinAsync(); // Behind the last acknowledgement.
        }

        foreach (string wish in (string[])["none", "negative", "positive", "full"])
        {
            Assert.Null(await service.SendAsync(id, wish, m => AmqpServiceClient.Ask(m, "purged-" + wish, wish)));
        }

        await fixture.Service.SendAsync("DELETE", $"/devices/{id}/commands");
        Assert.Null(await service.SendAsync(id, "x", m =>
        {
            AmqpServiceClient.Ask(m, "expired", "negative");
            m.Properties.AbsoluteExpiryTime = fixture.Clock.GetUtcNow().AddSeconds(5).UtcDateTime;
        }));
        fixture.Clock.Advance(TimeSpan.FromSeconds(10));
        fixture.Clock.Advance(TimeSpan.FromSeconds(15));
        Message batch = await AmqpServiceClient.NextAsync(feedback);
        Assert.Equal(
            [("done-positive", "Success", id), ("done-full", "Success", id), ("purged-negative", "Purged", id), ("purged-full", "Purged", id), ("expired", "Expired", id)],
            AmqpServiceClient.Records(batch));
        Assert.Equal("application/vnd.microsoft.iothub.feedback.json", batch.Properties.ContentType.ToString());
        Assert.Equal("localhost"u8.ToArray(), batch.Properties.UserId);
        Assert.Equal(16, batch.DeliveryTag.Length);
        Assert.IsType<DateTime>(batch.MessageAnnotations[new global::Amqp.Types.Symbol("iothub-enqueuedtime")]);

        // Given back, it comes again; accepted, it does not.
        feedback.Release(batch);
        Message again = await AmqpServiceClient.NextAsync(feedback);
        Assert.Equal(AmqpServiceClient.Records(batch), AmqpServiceClient.Records(again));
        feedback.Accept(again);
        ServiceAnswer rest = await fixture.Service.SendAsync("GET", "/messages/serviceBound/feedback");
        Assert.Equal((204, ""), (rest.Status, rest.Body));
    }

    [Fact]
    public async Task Feedback_OverHttps_IsLockedUntilItIsSettled()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(id, "x", m => AmqpServiceClient.Ask(m, "http", "full")));
        await fixture.Service.SendAsync("DELETE", $"/devices/{id}/commands");
        ServiceAnswer first = await fixture.Service.SendAsync("GET", "/messages/servicebound/feedback");
        Assert.Equal("http", first.Json[0].GetProperty("originalMessageId").GetString());
        Assert.Equal(204, (await fixture.Service.SendAsync("GET", "/messages/servicebound/feedback")).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("POST", $"/messages/servicebound/feedback/{first.ETag!.Trim('"')}/abandon")).Status);
        ServiceAnswer second = await fixture.Service.SendAsync("GET", "/messages/servicebound/feedback");
        Assert.Equal(first.Body, second.Body);
        Assert.Equal("DeviceMessageLockLost", (await fixture.Service.SendAsync("DELETE", $"/messages/servicebound/feedback/{first.ETag!.Trim('"')}")).ErrorName);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", $"/messages/servicebound/feedback/{second.ETag!.Trim('"')}")).Status);
    }

    [Fact]
    public async Task Receive_OverHttps_CompletesRejectsAndGivesBack()
    {
        string id = await fixture.NewDeviceAsync();
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        Task<ServiceAnswer> CallAsync(string verb, string rest = "") =>
            fixture.Service.SendAsync(verb, $"/devices/{id}/messages/devicebound{rest}", token: device.Password());
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        foreach (string message in (string[])["one", "two", "three"])
        {
            Assert.Null(await service.SendAsync(id, message, m =>
            {
                AmqpServiceClient.Ask(m, message, "full");
                m.ApplicationProperties["ä"] = "ö";
            }));
        }

        ServiceAnswer one = await CallAsync("GET");
        Assert.Equal((200, "one", "one", "%C3%B6"), (one.Status, one.Body, one.Headers.GetValues("iothub-messageid").Single(), one.Headers.GetValues("iothub-app-%C3%A4").Single()));
        ServiceAnswer two = await CallAsync("GET");
        Assert.Equal("two", two.Body);
        Assert.Equal(204, (await CallAsync("DELETE", "/" + one.ETag!.Trim('"'))).Status);
        Assert.Equal("DeviceMessageLockLost", (await CallAsync("DELETE", "/" + one.ETag.Trim('"'))).ErrorName);
        Assert.Equal(204, (await CallAsync("DELETE", "/" + two.ETag!.Trim('"') + "?reject")).Status);
        for (int i = 0; i < 10; i++)
        {
            ServiceAnswer three = await CallAsync("GET");
            Assert.Equal(("three", $"{i}"), (three.Body, three.Headers.GetValues("iothub-deliverycount").Single()));
            Assert.Equal(204, (await CallAsync("GET")).Status);
            Assert.Equal(204, (await CallAsync("POST", $"/{three.ETag!.Trim('"')}/abandon")).Status);
        }

        Assert.Equal(204, (await CallAsync("GET")).Status);
        Assert.Equal(0, await CountAsync(id));
        Assert.Equal(401, (await fixture.Service.SendAsync("GET", $"/devices/{id}/messages/devicebound", token: device.Password(key: Convert.ToBase64String(new byte[32])))).Status);
        ServiceAnswer feedback = await fixture.Service.SendAsync("GET", "/messages/serviceBound/feedback");
        Assert.Equal(["Success", "Rejected", "DeliveryCountExceeded"], feedback.Json.EnumerateArray().Select(r => r.GetProperty("statusCode").GetString()));
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/messages/serviceBound/feedback/" + feedback.ETag!.Trim('"'))).Status);
    }

    [Fact]
    public async Task Receive_LockEnded_ComesAgain()
    {
        string id = await fixture.NewDeviceAsync();
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(id, "x"));
        ServiceAnswer first = await fixture.Service.SendAsync("GET", $"/devices/{id}/messages/devicebound", token: device.Password());
        fixture.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("DeviceMessageLockLost", (await fixture.Service.SendAsync("DELETE", $"/devices/{id}/messages/devicebound/{first.ETag!.Trim('"')}", token: device.Password())).ErrorName);
        ServiceAnswer again = await fixture.Service.SendAsync("GET", $"/devices/{id}/messages/devicebound", token: device.Password());
        Assert.Equal(("x", "0"), (again.Body, again.Headers.GetValues("iothub-deliverycount").Single()));
    }

    [Fact]
    public async Task Restart_QueueAndFeedback_AreStillThere()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var options = new ModularDM.Hub.Local.LocalHubOptions { MqttPort = 0, HttpsPort = 0, AmqpPort = 0, DataFolder = folder, Devices = ["d", "e"], TimeProvider = fixture.Clock };
        await using (var hub = await ModularDM.Hub.Local.LocalHub.StartAsync(options))
        {
            using var rest = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, fixture.Clock);
            await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(hub);
            Assert.Equal(200, (await service.PutTokenAsync(rest.NewToken())).Status);
            Assert.Null(await service.SendAsync("d", "kept", m => m.ApplicationProperties["p"] = "ä&="));
            Assert.Null(await service.SendAsync("e", "x", m => AmqpServiceClient.Ask(m, "told", "full")));
            Assert.Equal(200, (await rest.SendAsync("DELETE", "/devices/e/commands")).Status);
        }

        await using (var hub = await ModularDM.Hub.Local.LocalHub.StartAsync(options))
        {
            using var rest = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, fixture.Clock);
            Assert.Equal("told", (await rest.SendAsync("GET", "/messages/serviceBound/feedback")).Json[0].GetProperty("originalMessageId").GetString());
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, fixture.Clock);
            await device.ConnectAsync();
            await device.SubscribeAsync(MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce, MqttTopics.DeviceBoundFilter("d"));
            (string topic, string body) = await device.NextAsync();
            Assert.EndsWith("&p=%C3%A4%26%3D", topic, StringComparison.Ordinal);
            Assert.Equal("kept", body);
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<WireDevice> ConnectAsync(string id, byte flags, byte present)
    {
        WireDevice device = await WireDevice.OpenedAsync(fixture.Hub);
        await device.SendPacketAsync(WirePacket.Connect(fixture.Hub.GetDeviceConnectionString(id), fixture.Clock.GetUtcNow(), flags));
        await device.ExpectAsync(0x20, 0x02, present, 0x00);
        return device;
    }

    private async Task LeaveUnacknowledgedAsync(AmqpServiceClient service, string id)
    {
        await using WireDevice device = await ConnectAsync(id, Persistent, present: 0);
        await SubscribeAsync(device, id);
        Assert.Null(await service.SendAsync(id, "x"));
        await device.NextPublishAsync();
    }

    private static async Task SubscribeAsync(WireDevice device, string id)
    {
        await device.SendPacketAsync(WirePacket.Subscribe(9, $"devices/{id}/messages/devicebound/#", 1));
        await device.ExpectAsync(0x90, 0x03, 0x00, 0x09, 0x01);
    }

    private async Task<int> CountAsync(string id) => (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("cloudToDeviceMessageCount").GetInt32();
}
