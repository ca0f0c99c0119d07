using System.Text.Json;
using ModularDM.Hub.Local.Faults;

namespace ModularDM.Hub.Tests.Local.Faults;

public sealed class OperationFaultTests(FaultFixture fixture) : IClassFixture<FaultFixture>
{
    [Theory]
    [InlineData(FaultKind.Throttle, 3)]
    [InlineData(FaultKind.Refuse, 5)]
    public async Task Connect_ThrottledOrRefused_IsAnsweredWithTheCode(FaultKind kind, byte code)
    {
        string id = await fixture.NewDeviceAsync();
        fixture.Put(new Fault { Kind = kind, Operation = FaultOperation.Connect, DeviceId = id, Times = 1 });
        await using var first = new WireDevice(id);
        Assert.Equal([0x20, 0x02, 0x00, code], await first.ConnectAsync(fixture));
        await using var second = new WireDevice(id);
        Assert.Equal([0x20, 0x02, 0x00, 0x00], await second.ConnectAsync(fixture));
    }

    [Theory]
    [InlineData("$iothub/twin/GET/?$rid=", FaultOperation.TwinGet)]
    [InlineData("$iothub/twin/PATCH/properties/reported/?$rid=", FaultOperation.TwinReport)]
    public async Task TwinRequest_Throttled_Is429WithItsNumberAndChangesNothing(string topic, FaultOperation operation)
    {
        await using WireDevice device = await SubscribedAsync();
        fixture.Put(new Fault { Kind = FaultKind.Throttle, Operation = operation, DeviceId = device.Id, Times = 1 });
        await device.PublishAsync(topic + "x1", """{"a":1}""");
        (string answer, string body) = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/res/429/?$rid=x1", answer);
        using JsonDocument error = JsonDocument.Parse(body);
        Assert.Equal(429001, error.RootElement.GetProperty("errorCode").GetInt32());
        Assert.Equal("""{"desired":{"$version":1},"reported":{"$version":1}}""", await TwinAsync(device));
    }

    [Fact]
    public async Task Report_AnswerLost_IsDoneButNotAnswered()
    {
        await using WireDevice device = await SubscribedAsync();
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.LoseAnswer, Operation = FaultOperation.TwinReport, DeviceId = device.Id, Times = 1 });
        await device.PublishAsync("$iothub/twin/PATCH/properties/reported/?$rid=1", """{"a":1}""");
        await fault.FirstHit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"a":1,"$version":2}}""", await TwinAsync(device));
    }

    [Fact]
    public async Task TwinGet_AnswerLost_IsAnsweredTheNextTime()
    {
        await using WireDevice device = await SubscribedAsync();
        fixture.Put(new Fault { Kind = FaultKind.LoseAnswer, Operation = FaultOperation.TwinGet, DeviceId = device.Id, Times = 1 });
        await device.PublishAsync("$iothub/twin/GET/?$rid=1");
        await device.PublishAsync("$iothub/twin/GET/?$rid=2");
        Assert.Equal("$iothub/twin/res/200/?$rid=2", (await device.ReadPublishAsync()).Topic);
    }

    [Fact]
    public async Task Method_AnswerLost_IsDeliveredAndTimesOutForTheCaller()
    {
        await using WireDevice device = await SubscribedAsync();
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.LoseAnswer, Operation = FaultOperation.MethodAnswer, DeviceId = device.Id, Times = 1 });
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", $"/twins/{device.Id}/methods", """{"methodName":"m","payload":1,"responseTimeoutInSeconds":5}""");
        (string topic, string body) = await device.ReadPublishAsync();
        Assert.StartsWith("$iothub/methods/POST/m/?$rid=", topic, StringComparison.Ordinal);
        Assert.Equal("1", body);
        await device.PublishAsync(topic.Replace("POST/m", "res/200", StringComparison.Ordinal), "{}");
        await fault.FirstHit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        ServiceAnswer answer = await fixture.AdvanceUntilAsync(call);
        Assert.Equal((504, "GatewayTimeout"), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task Message_AcknowledgementLost_IsKeptAndTheLinkIsCut()
    {
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        fixture.Put(new Fault { Kind = FaultKind.LoseAnswer, Operation = FaultOperation.Message, DeviceId = device.Id, Times = 1 });
        byte[] topic = System.Text.Encoding.UTF8.GetBytes($"devices/{device.Id}/messages/events/");
        // QoS 1, packet id 7.
        await device.SendAsync(0x32, [0x00, (byte)topic.Length, .. topic, 0x00, 0x07, (byte)'{', (byte)'}']);
        Assert.Equal("RST", await device.EndAsync());
        Assert.Equal(1, (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{device.Id}/messages")).Json.GetArrayLength());
    }

    [Theory]
    [InlineData(FaultKind.Throttle, 429, "ThrottlingException")]
    [InlineData(FaultKind.Refuse, 401, "IotHubUnauthorizedAccess")]
    public async Task Rest_ThrottledOrRefused_SaysSoForThatDeviceAndOperation(FaultKind kind, int status, string name)
    {
        string id = await fixture.NewDeviceAsync();
        fixture.Put(new Fault { Kind = kind, Operation = FaultOperation.RestTwin, DeviceId = id, Times = 1 });
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/devices/" + id)).Status);
        ServiceAnswer answer = await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":1}}""");
        Assert.Equal((status, name), (answer.Status, answer.ErrorName));
        answer = await fixture.Service.SendAsync("GET", "/twins/" + id);
        Assert.Equal((200, false), (answer.Status, answer.Json.TryGetProperty("tags", out JsonElement tags) && tags.TryGetProperty("a", out _)));
    }

    [Fact]
    public async Task Method_Throttled_IsToldInTheMethodsForm()
    {
        string id = await fixture.NewDeviceAsync();
        fixture.Put(new Fault { Kind = FaultKind.Throttle, Operation = FaultOperation.RestMethod, DeviceId = id });
        ServiceAnswer answer = await fixture.Service.SendAsync("POST", $"/twins/{id}/methods", """{"methodName":"m"}""");
        Assert.Equal(429, answer.Status);
        Assert.StartsWith("""{"errorCode":429001,"trackingId":""", answer.Json.GetProperty("Message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rest_AnswerLost_IsDoneAndTheConnectionIsCut()
    {
        string id = await fixture.NewDeviceAsync();
        fixture.Put(new Fault { Kind = FaultKind.LoseAnswer, Operation = FaultOperation.RestTwin, DeviceId = id, Times = 1 });
        await Assert.ThrowsAsync<HttpRequestException>(() => fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":1}}"""));
        Assert.Equal(1, (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("tags").GetProperty("a").GetInt32());
    }

    [Fact]
    public async Task Clock_Ahead_EndsTokensForNewLinksAndRequests()
    {
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.ClockSkew, Skew = TimeSpan.FromHours(2) });
        await using var device = new WireDevice(await fixture.NewDeviceAsync());
        Assert.Equal([0x20, 0x02, 0x00, 0x05], await device.ConnectAsync(fixture));
        Assert.Equal(401, (await fixture.Service.SendAsync("GET", "/devices")).Status);
        fixture.Hub.Faults.Remove(fault.Id);
        await using var again = new WireDevice(device.Id);
        Assert.Equal([0x20, 0x02, 0x00, 0x00], await again.ConnectAsync(fixture));
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/devices")).Status);
    }

    private static async Task<string> TwinAsync(WireDevice device)
    {
        await device.PublishAsync("$iothub/twin/GET/?$rid=read");
        (string topic, string body) = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/res/200/?$rid=read", topic);
        return body;
    }

    private async Task<WireDevice> SubscribedAsync()
    {
        WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync("$iothub/twin/res/#"));
        Assert.Equal(0, await device.SubscribeAsync("$iothub/methods/POST/#"));
        return device;
    }

    [Fact]
    public async Task Rest_FaultOfAModule_StrikesItsRequestsAndNotItsDevices()
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateModuleAsync(id, "camera");
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.Throttle, DeviceId = id + "/camera", Operation = FaultOperation.RestTwin });
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/twins/" + id)).Status);
        Assert.Equal(429, (await fixture.Service.SendAsync("GET", $"/twins/{id}/modules/camera")).Status);
        fixture.Hub.Faults.Remove(fault.Id);
    }
}
