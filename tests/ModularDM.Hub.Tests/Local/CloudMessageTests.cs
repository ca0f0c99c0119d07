using Amqp;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class CloudMessageTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Send_SubscribedDevice_DeliversBodyAndPropertiesAndAcknowledgementEndsIt()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await device.SubscribeAsync(MqttQualityOfServiceLevel.AtLeastOnce, MqttTopics.DeviceBoundFilter(device.Id));
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(device.Id, "héllo", m =>
        {
            AmqpServiceClient.Ask(m, "a b", "full");
            m.Properties.ContentType = "text/plain";
            m.ApplicationProperties["empty"] = "";
            m.ApplicationProperties["none"] = null;
            m.ApplicationProperties["n"] = 7;
        }));
        (string topic, string body) = await device.NextAsync();
        Assert.Equal(
            $"devices/{device.Id}/messages/devicebound/%24.mid=a%20b&%24.to=%2Fdevices%2F{device.Id}%2Fmessages%2Fdevicebound&%24.ct=text%2Fplain&iothub-ack=full&empty=&none&n=7",
            topic);
        Assert.Equal("héllo", body);
        await CountBecomesAsync(device.Id, 0);
    }

    [Fact]
    public async Task Send_DeviceAway_WaitsAndComesInOrder()
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        for (int i = 1; i <= 20; i++)
        {
            Assert.Null(await service.SendAsync(device.Id, $"{i}"));
        }

        Assert.Equal(20, await CountAsync(device.Id));
        await device.ConnectAsync();
        await device.SubscribeAsync(MqttQualityOfServiceLevel.AtLeastOnce, MqttTopics.DeviceBoundFilter(device.Id));
        for (int i = 1; i <= 20; i++)
        {
            Assert.Equal($"{i}", (await device.NextAsync()).Body);
        }

        await CountBecomesAsync(device.Id, 0);
    }

    [Fact]
    public async Task Send_Qos0Subscription_IsDoneWhenSent()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await device.SubscribeAsync(MqttTopics.DeviceBoundFilter(device.Id));
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(device.Id, "x"));
        Assert.Equal("x", (await device.NextAsync()).Body);
        Assert.Equal(0, await CountAsync(device.Id));
    }

    [Fact]
    public async Task Send_FiftyFirst_IsRefused()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        for (int i = 0; i < 50; i++)
        {
            Assert.Null(await service.SendAsync(id, "x"));
        }

        Assert.Equal("amqp:resource-limit-exceeded", await service.SendAsync(id, "x"));
        ServiceAnswer purged = await fixture.Service.SendAsync("DELETE", $"/devices/{id}/commands");
        Assert.Equal($$"""{"totalMessagesPurged":50,"deviceId":"{{id}}","moduleId":null}""", purged.Body);
        Assert.Null(await service.SendAsync(id, "x"));
        Assert.Equal(1, await CountAsync(id));
    }

    [Fact]
    public async Task Send_WhatCannotBeSent_IsRejectedWithItsCondition()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Equal("amqp:not-found", await service.SendAsync("nobody", "x"));
        Assert.Equal("com.microsoft:argument-error", await service.SendAsync(id, "x", m => m.Properties.To = "/devices/" + id));
        Assert.Equal("com.microsoft:argument-error", await service.SendAsync(id, "x", m => AmqpServiceClient.Ask(m, "1", "sometimes")));
        Assert.Equal("com.microsoft:argument-error", await service.SendAsync(id, "x", m => m.Properties.AbsoluteExpiryTime = fixture.Clock.GetUtcNow().AddDays(2.1).UtcDateTime));
        int properties = $"$.to/devices/{id}/messages/devicebound".Length;
        Assert.Equal("amqp:link:message-size-exceeded", await service.SendAsync(id, new string('x', (64 * 1024) - properties + 1)));
        Assert.Null(await service.SendAsync(id, new string('x', (64 * 1024) - properties)));
        Assert.Equal(1, await CountAsync(id));
    }

    [Fact]
    public async Task Connect_TokenOfADeviceOrNone_OpensNothing()
    {
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture.Hub);
        Assert.Equal("amqp:unauthorized-access", await service.SendAsync("d", "x"));
        await using AmqpServiceClient other = await AmqpServiceClient.ConnectAsync(fixture.Hub);
        Assert.Equal(401, (await other.PutTokenAsync("SharedAccessSignature sr=localhost&sig=AAAA&se=1")).Status);
        Assert.Equal("amqp:unauthorized-access", await other.SendAsync("d", "x"));
    }

    [Fact]
    public async Task Delete_DeviceWithMessages_TakesThemAlong()
    {
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(id, "x"));
        await fixture.Service.SendAsync("DELETE", "/devices/" + id, ifMatch: "*");
        await fixture.Hub.CreateDeviceAsync(id);
        Assert.Equal(0, await CountAsync(id));
        Assert.Null(await service.SendAsync(id, "y"));
    }

    private async Task<int> CountAsync(string id) => (await fixture.Service.SendAsync("GET", "/devices/" + id)).Json.GetProperty("cloudToDeviceMessageCount").GetInt32();

    // The acknowledgement is on its way when the device has the message.
    private async Task CountBecomesAsync(string id, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await CountAsync(id) != count)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }
}
