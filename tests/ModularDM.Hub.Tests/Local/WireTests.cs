using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ModularDM.Hub.Tests.Local;

/// <summary>The hub's side of the wire, byte for byte, as Azure's own SDKs send and expect it.</summary>
public sealed partial class WireTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task TwinGet_WithOrWithoutABody_IsAnsweredWithBothSectionsAlone(string body)
    {
        await using WireDevice device = await SubscribedAsync("$iothub/twin/res/#");
        await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"tags":{"t":1},"properties":{"desired":{"a":{"b":[1,"x"]}}}}""");
        await device.PublishAsync("$iothub/twin/GET/?$rid=1a", body);
        Assert.Equal(
            ("$iothub/twin/res/200/?$rid=1a", """{"desired":{"a":{"b":[1,"x"]},"$version":2},"reported":{"$version":1}}"""),
            await device.ReadPublishAsync());
    }

    [Fact]
    public async Task ReportedPatch_Good_IsAnsweredWith204TheVersionAndNoBody()
    {
        await using WireDevice device = await SubscribedAsync("$iothub/twin/res/#");
        await device.PublishAsync("$iothub/twin/PATCH/properties/reported/?$rid=7", """{"a":1,"b":{"c":2}}""");
        Assert.Equal(("$iothub/twin/res/204/?$rid=7&$version=2", ""), await device.ReadPublishAsync());
        await device.PublishAsync("$iothub/twin/PATCH/properties/reported/?$rid=8", """{"a":null}""");
        Assert.Equal(("$iothub/twin/res/204/?$rid=8&$version=3", ""), await device.ReadPublishAsync());
        await device.PublishAsync("$iothub/twin/GET/?$rid=9");
        Assert.Equal("""{"desired":{"$version":1},"reported":{"b":{"c":2},"$version":3}}""", (await device.ReadPublishAsync()).Body);
    }

    [Theory]
    [InlineData("{", 400006)]
    [InlineData("[]", 400004)]
    [InlineData("""{"a b":1}""", 400004)]
    [InlineData("""{"a":4503599627370496}""", 400004)]
    public async Task ReportedPatch_Bad_IsAnsweredWithTheErrorsNumberAndTrackingId(string body, int code)
    {
        await using WireDevice device = await SubscribedAsync("$iothub/twin/res/#");
        await device.PublishAsync("$iothub/twin/PATCH/properties/reported/?$rid=7", body);
        (string topic, string answer) = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/res/400/?$rid=7", topic);
        using JsonDocument error = JsonDocument.Parse(answer);
        Assert.Equal(["errorCode", "trackingId", "message", "timestampUtc"], error.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(code, error.RootElement.GetProperty("errorCode").GetInt32());
        Assert.Matches(TrackingId(), error.RootElement.GetProperty("trackingId").GetString());
        Assert.StartsWith("2026-05-06T07:08:", error.RootElement.GetProperty("timestampUtc").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", """{"a":1,"gone":null,"$version":2}""")]
    [InlineData("PUT", """{"a":1,"gone":null,"$version":2}""")]
    public async Task Desired_Changed_IsNotifiedAsThePatchWithItsVersion(string verb, string notified)
    {
        await using WireDevice device = await SubscribedAsync("$iothub/twin/PATCH/properties/desired/#");
        await fixture.Service.SendAsync(verb, "/twins/" + device.Id, """{"properties":{"desired":{"a":1,"gone":null}}}""");
        (string topic, string body) = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/PATCH/properties/desired/?$version=2", topic);
        Assert.Equal(notified, body);
    }

    [Theory]
    [InlineData(",\"payload\":{\"x\": 1}", "{\"x\": 1}")]
    [InlineData(",\"payload\":null", "null")]
    [InlineData("", "")]
    public async Task Method_Called_CarriesThePayloadAloneAndAHexadecimalRequestId(string member, string payload)
    {
        await using WireDevice device = await SubscribedAsync("$iothub/methods/POST/#");
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", $"/twins/{device.Id}/methods", $$"""{"methodName":"contoso.spin"{{member}}}""");
        (string topic, string body) = await device.ReadPublishAsync();
        Match match = MethodTopic().Match(topic);
        Assert.True(match.Success, topic);
        Assert.Equal(payload, body);
        await device.PublishAsync($"$iothub/methods/res/-42/?$rid={match.Groups[1].Value}", """{"done":true}""");
        Assert.Equal("""{"status":-42,"payload":{"done":true}}""", (await call).Body);
    }

    [Theory]
    [InlineData("$iothub/twin/res/#", 0, 0x00)]
    [InlineData("$iothub/twin/res/#", 1, 0x01)]
    [InlineData("$iothub/twin/res/#", 2, 0x01)]
    [InlineData("#", 0, 0x80)]
    [InlineData("$iothub/twin/GET/#", 0, 0x80)]
    public async Task Subscribe_Filter_IsGrantedAsTheHubDoes(string filter, byte qos, byte code)
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(code, await device.SubscribeAsync(filter, qos));
    }

    [Fact]
    public async Task Message_QoS1_IsAcknowledgedByItsPacketIdAfterItWasKept()
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        byte[] topic = Encoding.UTF8.GetBytes($"devices/{device.Id}/messages/events/%24.ct=application%2Fjson&a=b%20c");
        await device.SendAsync(0x32, [0x00, (byte)topic.Length, .. topic, 0xAB, 0xCD, (byte)'4', (byte)'2']);
        Assert.Equal([0x40, 0x02, 0xAB, 0xCD], await device.ReadPacketAsync());
        JsonElement message = (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{device.Id}/messages")).Json[0];
        Assert.Equal(42, message.GetProperty("body").GetInt32());
        Assert.Equal("b c", message.GetProperty("properties").GetProperty("a").GetString());
    }

    [Fact]
    public async Task TwinGet_QoS1_IsAcknowledgedBeforeItIsAnswered()
    {
        await using WireDevice device = await SubscribedAsync("$iothub/twin/res/#");
        byte[] topic = "$iothub/twin/GET/?$rid=q"u8.ToArray();
        await device.SendAsync(0x32, [0x00, (byte)topic.Length, .. topic, 0x00, 0x09]);
        Assert.Equal([0x40, 0x02, 0x00, 0x09], await device.ReadPacketAsync());
        Assert.Equal("$iothub/twin/res/200/?$rid=q", (await device.ReadPublishAsync()).Topic);
    }

    [Fact]
    public async Task Ping_IsAnswered()
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        await device.PingAsync();
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("$iothub/twin/PATCH/properties/desired/?$rid=1")]
    [InlineData("devices/other/messages/events/")]
    public async Task Publish_TopicThatIsNotTheHubs_EndsTheLink(string topic)
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        await device.PublishAsync(topic, "{}");
        Assert.Contains(await device.EndAsync(), (string[])["FIN", "RST"]);
    }

    [Fact]
    public async Task Session_SecondConnect_IsToldThatItIsPresent()
    {
        await using WireDevice first = await WireDevice.ConnectedAsync(fixture);
        await using var second = new WireDevice(first.Id);
        Assert.Equal([0x20, 0x02, 0x01, 0x00], await second.ConnectAsync(fixture));
    }

    private async Task<WireDevice> SubscribedAsync(string filter)
    {
        WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync(filter));
        return device;
    }

    [GeneratedRegex("^[0-9a-f]{32}-G:[0-9]+-TimeStamp:05/06/2026 07:08:[0-9]{2}$")]
    private static partial Regex TrackingId();

    [GeneratedRegex(@"^\$iothub/methods/POST/contoso\.spin/\?\$rid=([0-9a-f]+)$")]
    private static partial Regex MethodTopic();
}
