using System.Text.Json;
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
        Assert.Equal(
            $$$"""[{"sequence":1,"enqueuedTime":"2026-05-06T07:08:09.0000000Z","connectionDeviceId":"{{{device.Id}}}","properties":{"$.ct":"application/json","flag":null},"body":{"t":21.5}}]""",
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
        await device.PublishAsync(MqttTopics.Telemetry(device.Id), new string('x', (256 * 1024) + 1));
        await device.ClosedAsync();
        Assert.Equal("[]", (await ReadAsync(device.Id)).Body);
    }

    [Fact]
    public async Task Read_BadRange_Is400()
    {
        string id = await fixture.NewDeviceAsync();
        Assert.Equal(400, (await ReadAsync(id, "?top=0")).Status);
        Assert.Equal(400, (await ReadAsync(id, "?after=x")).Status);
        Assert.Equal(404, (await ReadAsync("nobody")).Status);
    }

    private Task<ServiceAnswer> ReadAsync(string id, string query = "") => fixture.Service.SendAsync("GET", $"/modulardm/devices/{id}/messages{query}", version: false);
}
