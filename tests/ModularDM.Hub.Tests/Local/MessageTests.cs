using System.Text.Json;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class MessageTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Publish_AcknowledgedMessage_CanBeRead()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await device.PublishAsync(MqttTopics.Telemetry(device.Id, [new("$.ct", "application/json"), new("flag", null)]) + "/", """{"t":21.5}""", MqttQualityOfServiceLevel.AtLeastOnce);
        ServiceAnswer answer = await ReadAsync(device.Id);
        string generation = (await fixture.Service.SendAsync("GET", "/devices/" + device.Id)).Json.GetProperty("generationId").GetString()!;
        Assert.Equal(
            $$$"""
            [{"sequence":1,"enqueuedTime":"2026-05-06T07:08:09.0000000Z","connectionDeviceId":"{{{device.Id}}}","properties":{"$.ct":"application/json","flag":null,"iothub-connection-device-id":"{{{device.Id}}}","iothub-connection-auth-generation-id":"{{{generation}}}","iothub-connection-auth-method":"{\"scope\":\"device\",\"type\":\"sas\",\"issuer\":\"iothub\",\"acceptingIpFilterRule\":null}","iothub-enqueuedtime":"2026-05-06T07:08:09.0000000Z"},"body":{"t":21.5}}]
            """,
            answer.Body);
    }

    [Fact]
    public async Task Publish_MoreThanIsKept_DropsTheOldest()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        for (int i = 1; i <= 8; i++)
        {
            await device.PublishAsync(MqttTopics.Telemetry(device.Id), $"text {i}", MqttQualityOfServiceLevel.AtLeastOnce);
        }

        JsonElement kept = (await ReadAsync(device.Id)).Json;
        Assert.Equal([4L, 5, 6, 7, 8], kept.EnumerateArray().Select(m => m.GetProperty("sequence").GetInt64()));
        Assert.Equal("text 8"u8.ToArray(), kept[4].GetProperty("bodyBase64").GetBytesFromBase64());
        Assert.Equal([7L], (await ReadAsync(device.Id, "?after=6&top=1")).Json.EnumerateArray().Select(m => m.GetProperty("sequence").GetInt64()));
    }

    [Fact]
    public async Task Publish_Over256K_ClosesTheLink()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();

        // A system property counts by its value, another by its name too.
        string topic = MqttTopics.Telemetry(device.Id, [new("$.mid", "123"), new("name", "value")]);
        await device.PublishAsync(topic, new string('x', (256 * 1024) - 12), MqttQualityOfServiceLevel.AtLeastOnce);
        await device.PublishAsync(topic, new string('x', (256 * 1024) - 11));
        await device.ClosedAsync();
        Assert.Equal(1, (await ReadAsync(device.Id)).Json.GetArrayLength());
    }

    [Fact]
    public async Task Publish_Retained_IsMarkedAndNotKept()
    {
        await using WireDevice device = await WireDevice.OpenedAsync(fixture.Hub);
        string id = await fixture.NewDeviceAsync();
        await device.SendPacketAsync(WirePacket.Connect(fixture.Hub.GetDeviceConnectionString(id), fixture.Clock.GetUtcNow()));
        await device.ExpectAsync(0x20, 0x02, 0x00, 0x00);
        await device.SendPacketAsync(WirePacket.Publish(0x33, MqttTopics.Telemetry(id), "x", 5));
        await device.ExpectAsync(0x40, 0x02, 0x00, 0x05);
        Assert.Equal("true", Property((await ReadAsync(id)).Json[0], "mqtt-retain"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drop_WithAWill_StoresItUnlessTheDeviceSaidGoodbye(bool goodbye)
    {
        string id = await fixture.NewDeviceAsync();
        await using (WireDevice device = await WireDevice.OpenedAsync(fixture.Hub))
        {
            await device.SendPacketAsync(WirePacket.Connect(
                fixture.Hub.GetDeviceConnectionString(id), fixture.Clock.GetUtcNow(), flags: 0xC4, willTopic: MqttTopics.Telemetry(id, [new("p", "q")]), willBody: "gone"));
            await device.ExpectAsync(0x20, 0x02, 0x00, 0x00);
            await device.SendPacketAsync(WirePacket.Publish(0x32, MqttTopics.Telemetry(id), "here", 5));
            await device.ExpectAsync(0x40, 0x02, 0x00, 0x05);
            if (goodbye)
            {
                await device.SendPacketAsync(0xE0, 0x00);
                await device.ClosedAsync();
            }
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("connectionState").GetString() != "Disconnected")
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        // Written behind the will, and answered when it is on disk.
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{}}""");
        JsonElement messages = (await ReadAsync(id)).Json;
        Assert.Null(Property(messages[0], "iothub-MessageType"));
        Assert.Equal(goodbye ? 1 : 2, messages.GetArrayLength());
        if (!goodbye)
        {
            Assert.Equal(("Will", "q"), (Property(messages[1], "iothub-MessageType"), Property(messages[1], "p")));
            Assert.Equal("gone"u8.ToArray(), messages[1].GetProperty("bodyBase64").GetBytesFromBase64());
        }
    }

    [Fact]
    public async Task Read_BadRange_Is400()
    {
        string id = await fixture.NewDeviceAsync();
        Assert.Equal(400, (await ReadAsync(id, "?top=0")).Status);
        Assert.Equal(400, (await ReadAsync(id, "?after=x")).Status);
        Assert.Equal(404, (await ReadAsync("nobody")).Status);
    }

    [Fact]
    public void Stamps_OfAModuleWithACertificate_SayHowItAuthenticatedAndCannotBeForged()
    {
        DeviceIdentity identity = DeviceIdentity.New("d", DateTimeOffset.UnixEpoch, "m") with { Authentication = DeviceAuthentication.CertificateAuthority() };
        var forged = new Dictionary<string, string?> { ["iothub-connection-device-id"] = "other", ["mine"] = "1" };
        JsonElement stamped = JsonElement.Parse(MessageProperties.ToJson(forged, identity, DateTimeOffset.UnixEpoch));
        Assert.Equal(
            ["mine", "iothub-connection-device-id", "iothub-connection-module-id", "iothub-connection-auth-generation-id", "iothub-connection-auth-method", "iothub-enqueuedtime"],
            stamped.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("d", "m"), (stamped.GetProperty("iothub-connection-device-id").GetString(), stamped.GetProperty("iothub-connection-module-id").GetString()));
        Assert.Equal("""{"scope":"module","type":"x509","issuer":"external","acceptingIpFilterRule":null}""", stamped.GetProperty("iothub-connection-auth-method").GetString());
    }

    private static string? Property(JsonElement message, string name) =>
        message.GetProperty("properties").TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private Task<ServiceAnswer> ReadAsync(string id, string query = "") => fixture.Service.SendAsync("GET", $"/modulardm/devices/{id}/messages{query}", version: false);
}
