using CsCheck;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Protocol;

public sealed class MqttTopicsTests
{
    [Fact]
    public void Build_EveryTopic_IsTheWiresText()
    {
        Assert.Equal("$iothub/twin/GET/?$rid=7", MqttTopics.TwinGet("7"));
        Assert.Equal("$iothub/twin/PATCH/properties/reported/?$rid=7", MqttTopics.ReportedPatch("7"));
        Assert.Equal("$iothub/twin/res/200/?$rid=7", MqttTopics.TwinResponse(200, "7"));
        Assert.Equal("$iothub/twin/res/204/?$rid=7&$version=12", MqttTopics.TwinResponse(204, "7", 12));
        Assert.Equal("$iothub/twin/PATCH/properties/desired/?$version=12", MqttTopics.DesiredPatch(12));
        Assert.Equal("$iothub/methods/POST/windows.rebootAsync/?$rid=1f", MqttTopics.MethodRequest("windows.rebootAsync", "1f"));
        Assert.Equal("$iothub/methods/res/-1/?$rid=1f", MqttTopics.MethodResponse(-1, "1f"));
        Assert.Equal("devices/d1/messages/events/", MqttTopics.Telemetry("d1"));
        Assert.Equal("devices/d1/messages/events/%24.ct=application%2Fjson&flag", MqttTopics.Telemetry("d1", [new("$.ct", "application/json"), new("flag", null)]));
        Assert.Equal("devices/d1/messages/devicebound/a=", MqttTopics.DeviceBound("d1", [new("a", "")]));
        Assert.Equal("devices/d1/messages/devicebound/#", MqttTopics.DeviceBoundFilter("d1"));
    }

    [Fact]
    public void Parse_EveryTopic_GivesItsParts()
    {
        Assert.True(MqttTopics.TryParseTwinGet("$iothub/twin/GET/?$rid=a-b", out string? rid));
        Assert.Equal("a-b", rid);
        Assert.True(MqttTopics.TryParseReportedPatch("$iothub/twin/PATCH/properties/reported/?$version=3&$rid=9", out rid));
        Assert.Equal("9", rid);
        Assert.True(MqttTopics.TryParseTwinResponse("$iothub/twin/res/204/?$rid=9&$version=41", out int status, out rid, out long? version));
        Assert.Equal((204, "9", 41L), (status, rid, version));
        Assert.True(MqttTopics.TryParseTwinResponse("$iothub/twin/res/429/?$rid=9", out status, out rid, out version));
        Assert.Equal((429, "9", null), (status, rid, version));
        Assert.True(MqttTopics.TryParseDesiredPatch("$iothub/twin/PATCH/properties/desired/?$version=3", out long desired));
        Assert.Equal(3, desired);
        Assert.True(MqttTopics.TryParseMethodRequest("$iothub/methods/POST/m/?$rid=1", out string? method, out rid));
        Assert.Equal(("m", "1"), (method, rid));
        Assert.True(MqttTopics.TryParseMethodResponse("$iothub/methods/res/-5/?$rid=1", out status, out rid));
        Assert.Equal((-5, "1"), (status, rid));
        Assert.True(MqttTopics.TryParseTelemetry("devices/d1/messages/events/%24.mid=x&k&e=/", out string? device, out IReadOnlyDictionary<string, string?>? bag));
        Assert.Equal("d1", device);
        Assert.Equal([new("$.mid", "x"), new("k", null), new("e", "")], bag);
        Assert.True(MqttTopics.TryParseTelemetry("devices/d1/messages/events", out _, out bag));
        Assert.Empty(bag);
        Assert.True(MqttTopics.TryParseDeviceBound("devices/d1/messages/devicebound/a=b", out device, out bag));
        Assert.Equal("b", bag["a"]);
    }

    [Theory]
    [InlineData("$iothub/twin/GET/")]
    [InlineData("$iothub/twin/GET/?$rid=")]
    [InlineData("$iothub/twin/GET/?rid=1")]
    [InlineData("$iothub/twin/get/?$rid=1")]
    [InlineData("$iothub/twin/PATCH/properties/desired/?$rid=1")]
    [InlineData("$iothub/twin/res/x/?$rid=1")]
    [InlineData("$iothub/twin/res/200/$rid=1")]
    [InlineData("$iothub/methods/res/99999999999/?$rid=1")]
    [InlineData("$iothub/methods/POST//?$rid=1")]
    [InlineData("$iothub/methods/POST/a/b/?$rid=1")]
    [InlineData("devices//messages/events/")]
    [InlineData("devices/d1/messages/eventsx")]
    [InlineData("devices/d1/messages/events/=v")]
    [InlineData("devices/d1/messages/events/a=1&&b=2")]
    [InlineData("")]
    [InlineData("#")]
    public void Parse_OtherTopic_IsNotRead(string topic)
    {
        Assert.False(MqttTopics.TryParseTwinGet(topic, out _));
        Assert.False(MqttTopics.TryParseReportedPatch(topic, out _));
        Assert.False(MqttTopics.TryParseTwinResponse(topic, out _, out _, out _));
        Assert.False(MqttTopics.TryParseDesiredPatch(topic, out _));
        Assert.False(MqttTopics.TryParseMethodRequest(topic, out _, out _));
        Assert.False(MqttTopics.TryParseMethodResponse(topic, out _, out _));
        Assert.False(MqttTopics.TryParseTelemetry(topic, out _, out _));
        Assert.False(MqttTopics.TryParseDeviceBound(topic, out _, out _));
    }

    [Fact]
    public void PropertyBag_AnyProperties_RoundTrips() =>
        Gen.Dictionary(Gen.String[Gen.Char["az$.%&=/?# é"], 1, 5], Gen.String[Gen.Char["az$.%&=/?# é"], 0, 5].Null())[0, 5].Sample(properties =>
            MqttTopics.TryParseTelemetry(MqttTopics.Telemetry("d", properties!), out _, out IReadOnlyDictionary<string, string?>? read)
            && properties.Count == read.Count
            && properties.All(p => read[p.Key] == p.Value));

    [Theory]
    [InlineData("h/d/?api-version=2020-09-30&DeviceClientType=a%2Fb&model-id=dtmi%3Acom%3Ax%3B1", "h", "d", null, "2020-09-30", "a/b", "dtmi:com:x;1")]
    [InlineData("h/d/?api-version=2021-04-12&model-id=dtmi:com:x;1&DeviceClientType=n", "h", "d", null, "2021-04-12", "n", "dtmi:com:x;1")]
    [InlineData("h/d?/m/?x=y", "h", "d?", "m", null, null, null)]
    [InlineData("h/d", "h", "d", null, null, null, null)]
    public void UserName_EachClientsForm_IsRead(string text, string host, string device, string? module, string? version, string? type, string? model)
    {
        Assert.True(MqttUserName.TryParse(text, out MqttUserName? user));
        Assert.Equal(new MqttUserName(host, device, module, version, type, model), user);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("h//?api-version=1")]
    [InlineData("h/d/m/x/?api-version=1")]
    public void UserName_Malformed_IsNotRead(string? text) => Assert.False(MqttUserName.TryParse(text, out _));

    [Fact]
    public void UserName_Written_IsTheWiresText() => Assert.Equal(
        "h/d/?api-version=2021-04-12&DeviceClientType=m%2F1",
        new MqttUserName("h", "d", null, null, "m/1", null).ToString());

    [Theory]
    [InlineData("devices/d/modules/m/messages/events/", "d/m")]
    [InlineData("devices/d/modules/m/messages/events", "d/m")]
    [InlineData("devices/d/modules/m/messages/events/a=b/", "d/m")]
    [InlineData("devices/modules/modules/modules/messages/events/", "modules/modules")]
    [InlineData("devices/d/modules//messages/events/", null)]
    [InlineData("devices/d/modules/messages/events/", null)]
    [InlineData("devices/d/modules/m/messages/events2/", null)]
    public void Telemetry_OfAModule_NamesBothIds(string topic, string? sender)
    {
        Assert.Equal(sender is not null, MqttTopics.TryParseTelemetry(topic, out string? found, out _));
        Assert.Equal(sender, found);
    }

    [Fact]
    public void Topics_OfAModule_AreWrittenWithModules()
    {
        Assert.Equal("devices/d/modules/m/messages/events/", MqttTopics.Telemetry("d/m"));
        Assert.Equal("devices/d/modules/m/#", MqttTopics.ModuleFilter("d/m"));
    }
}
