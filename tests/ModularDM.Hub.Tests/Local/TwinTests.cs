using System.Text.Json;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class TwinTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task DeviceGet_NewTwin_HasVersionsAndNothingElse()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        (string topic, string body) = await device.RequestAsync("$iothub/twin/GET/?$rid=abc");
        Assert.Equal("$iothub/twin/res/200/?$rid=abc", topic);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"$version":1}}""", body);
    }

    [Theory]
    [InlineData(MqttQualityOfServiceLevel.AtMostOnce)]
    [InlineData(MqttQualityOfServiceLevel.AtLeastOnce)]
    public async Task Report_Patch_IsMergedAndAnswered204(MqttQualityOfServiceLevel qos)
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        (string topic, string body) = await device.RequestAsync(MqttTopics.ReportedPatch("1"), """{"a":{"b":1,"c":"é"},"$version":77}""", qos);
        Assert.Equal("$iothub/twin/res/204/?$rid=1&$version=2", topic);
        Assert.Equal("", body);
        Assert.Equal("$iothub/twin/res/204/?$rid=2&$version=3", (await device.RequestAsync(MqttTopics.ReportedPatch("2"), """{"a":{"b":null}}""", qos)).Topic);
        Assert.Equal("""{"a":{"c":"é"},"$version":3}""", (await device.GetTwinAsync()).GetProperty("reported").GetRawText());

        JsonElement reported = (await fixture.Service.SendAsync("GET", "/twins/" + device.Id)).Json.GetProperty("properties").GetProperty("reported");
        Assert.Equal("""{"$lastUpdated":"2026-05-06T07:08:09.0000000Z"}""", reported.GetProperty("$metadata").GetProperty("a").GetProperty("c").GetRawText());
        Assert.False(reported.GetProperty("$metadata").GetProperty("a").TryGetProperty("b", out _));
    }

    [Theory]
    [InlineData("not json", 400006)]
    [InlineData("", 400006)]
    [InlineData("""{"a":1,"a":2}""", 400006)]
    [InlineData("{\"a\":\"\\ud800\"}", 400006)]
    [InlineData("[1]", 400004)]
    [InlineData("""{"a b":1}""", 400004)]
    [InlineData("""{"a":9007199254740993}""", 400004)]
    [InlineData("""{"a":[null]}""", 400004)]
    public async Task Report_BadPatch_IsAnswered400WithBody(string patch, int code)
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        (string topic, string body) = await device.RequestAsync(MqttTopics.ReportedPatch("1"), patch);
        Assert.Equal("$iothub/twin/res/400/?$rid=1", topic);
        using JsonDocument error = JsonDocument.Parse(body);
        Assert.Equal(code, error.RootElement.GetProperty("errorCode").GetInt32());
        Assert.Equal("""{"$version":1}""", (await device.GetTwinAsync()).GetProperty("reported").GetRawText());
    }

    [Fact]
    public async Task Report_SumOverLimit_IsRefusedWhole()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        for (int i = 0; i < 8; i++)
        {
            Assert.StartsWith("$iothub/twin/res/204/", (await device.RequestAsync(MqttTopics.ReportedPatch("p"), $$"""{"k{{i}}":"{{new string('x', 4000)}}"}""")).Topic, StringComparison.Ordinal);
        }

        (string topic, string body) = await device.RequestAsync(MqttTopics.ReportedPatch("q"), $$"""{"k8":"{{new string('x', 4000)}}"}""");
        Assert.Equal("$iothub/twin/res/400/?$rid=q", topic);
        Assert.Contains("36018 bytes", body, StringComparison.Ordinal);
        Assert.Equal(9, (await device.GetTwinAsync()).GetProperty("reported").GetProperty("$version").GetInt64());
    }

    [Fact]
    public async Task ServicePatch_Desired_NotifiesTheDeviceWithThePatch()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        ServiceAnswer first = await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"tags":{"room":"7"},"properties":{"desired":{"a":{"b":1,"c":2}}}}""");
        Assert.Equal(200, first.Status);
        Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=2", """{"a":{"b":1,"c":2},"$version":2}"""), await device.NextAsync());
        await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"properties":{"desired":{"a":{"b":null}}}}""");
        Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=3", """{"a":{"b":null},"$version":3}"""), await device.NextAsync());
        Assert.Equal("""{"a":{"c":2},"$version":3}""", (await device.GetTwinAsync()).GetProperty("desired").GetRawText());
    }

    [Fact]
    public async Task ServiceGet_Twin_IsTheWholeDocument()
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"room":"7"},"properties":{"desired":{"a":{"b":[1,2]}}}}""");
        ServiceAnswer answer = await fixture.Service.SendAsync("GET", "/twins/" + id);
        Assert.Equal("\"AAAAAAAAAAI=\"", answer.ETag);
        Assert.Equal(
            $$$$"""
            {"deviceId":"{{{{id}}}}","etag":"AAAAAAAAAAI=","deviceEtag":"AAAAAAAAAAE=","status":"enabled","statusReason":null,"statusUpdateTime":"2026-05-06T07:08:09.0000000Z","connectionState":"Disconnected","lastActivityTime":"0001-01-01T00:00:00.0000000Z","cloudToDeviceMessageCount":0,"authenticationType":"sas","x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"modelId":"","version":2,"tags":{"room":"7"},"properties":{"desired":{"a":{"b":[1,2]},"$metadata":{"$lastUpdated":"2026-05-06T07:08:09.0000000Z","$lastUpdatedVersion":2,"a":{"$lastUpdated":"2026-05-06T07:08:09.0000000Z","$lastUpdatedVersion":2,"b":{"$lastUpdated":"2026-05-06T07:08:09.0000000Z","$lastUpdatedVersion":2}}},"$version":2},"reported":{"$metadata":{"$lastUpdated":"2026-05-06T07:08:09.0000000Z"},"$version":1}},"capabilities":{"iotEdge":false}}
            """,
            answer.Body);
    }

    [Fact]
    public async Task ServicePut_Desired_ReplacesItAndLeavesTagsAlone()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"tags":{"t":1},"properties":{"desired":{"a":1,"b":2}}}""");
        await device.NextAsync();
        JsonElement twin = (await fixture.Service.SendAsync("PUT", "/twins/" + device.Id, """{"properties":{"desired":{"b":3}}}""")).Json;
        Assert.Equal("""{"t":1}""", twin.GetProperty("tags").GetRawText());
        Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=3", """{"b":3,"$version":3}"""), await device.NextAsync());
        Assert.Equal("""{"b":3,"$version":3}""", (await device.GetTwinAsync()).GetProperty("desired").GetRawText());
    }

    [Fact]
    public async Task ServicePatch_ETag_GuardsTheTwin()
    {
        string id = await fixture.NewDeviceAsync();
        ServiceAnswer first = await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":1}}""", "\"AAAAAAAAAAE=\"");
        Assert.Equal((200, "\"AAAAAAAAAAI=\""), (first.Status, first.ETag));
        ServiceAnswer stale = await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":2}}""", "\"AAAAAAAAAAE=\"");
        Assert.Equal((412, "PreconditionFailed"), (stale.Status, stale.ErrorName));
        Assert.StartsWith("ErrorCode:PreconditionFailed;", stale.Json.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":3}}""", "*")).Status);
        Assert.Equal(200, (await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":4}}""", "AAAAAAAAAAM=")).Status);
    }

    [Theory]
    [InlineData("{", "IotHubFormatError")]
    [InlineData("[]", "ArgumentInvalid")]
    [InlineData("", "ArgumentNull")]
    [InlineData("""{"tags":7}""", "ArgumentInvalid")]
    [InlineData("""{"properties":{"desired":[]}}""", "ArgumentInvalid")]
    [InlineData("""{"properties":{"desired":{"a.b":1}}}""", "ArgumentInvalid")]
    public async Task ServicePatch_BadBody_Is400(string body, string error)
    {
        string id = await fixture.NewDeviceAsync();
        ServiceAnswer answer = await fixture.Service.SendAsync("PATCH", "/twins/" + id, body);
        Assert.Equal((400, error), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task ServicePatch_TagsOver8K_Is400()
    {
        string id = await fixture.NewDeviceAsync();
        string text = new('x', 4000);
        ServiceAnswer answer = await fixture.Service.SendAsync("PATCH", "/twins/" + id, $$$"""{"tags":{"a":"{{{text}}}","b":"{{{text}}}","c":"{{{text}}}"}}""");
        Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
        Assert.Contains("At most 8192 bytes", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_ManyConcurrently_EachGetsItsVersion()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        const int count = 200;
        for (int i = 0; i < count; i++)
        {
            await device.PublishAsync(MqttTopics.ReportedPatch($"r{i}"), $$"""{"n":{{i}}}""");
        }

        var versions = new Dictionary<string, long?>();
        for (int i = 0; i < count; i++)
        {
            Assert.True(MqttTopics.TryParseTwinResponse((await device.NextAsync()).Topic, out int status, out string? rid, out long? version));
            Assert.Equal(204, status);
            versions.Add(rid, version);
        }

        Assert.All(Enumerable.Range(0, count), i => Assert.Equal(i + 2, versions[$"r{i}"]));
        Assert.Equal(count - 1, (await device.GetTwinAsync()).GetProperty("reported").GetProperty("n").GetInt32());
    }

    [Theory]
    [InlineData(false, """{"kept":2,"deep":{"in":1},"$version":3}""")]
    [InlineData(true, """{"kept":2,"deep":{"in":1,"out":null},"gone":null,"$version":3}""")]
    public async Task Put_RemovedKeys_AreMarkedOnlyWhenAskedFor(bool marks, string notification)
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        await using (LocalHub hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, Devices = ["d"], ReplaceMarksRemoved = marks }))
        {
            using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, TimeProvider.System);
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await service.SendAsync("PATCH", "/twins/d", """{"properties":{"desired":{"kept":1,"deep":{"in":1,"out":2},"gone":{"x":1}}}}""");
            await device.NextAsync();
            ServiceAnswer put = await service.SendAsync("PUT", "/twins/d", """{"properties":{"desired":{"kept":2,"deep":{"in":1}}}}""");
            Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=3", notification), await device.NextAsync());
            Assert.False(put.Json.GetProperty("properties").GetProperty("desired").TryGetProperty("gone", out _));
        }

        Directory.Delete(folder, recursive: true);
    }
}
