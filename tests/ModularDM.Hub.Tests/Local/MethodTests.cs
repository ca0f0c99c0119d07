using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class MethodTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Theory]
    [InlineData(""","payload":{"x":[1, 2]}""", """{"x":[1, 2]}""")]
    [InlineData(""","payload":null""", "null")]
    [InlineData("", "")]
    public async Task Invoke_OnlineDevice_CarriesBothPayloads(string member, string delivered)
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", Path(device.Id), $$"""{"methodName":"windows.rebootAsync"{{member}}}""");
        (string topic, string body) = await device.NextAsync();
        Assert.True(MqttTopics.TryParseMethodRequest(topic, out string? method, out string? rid));
        Assert.Equal(("windows.rebootAsync", delivered), (method, body));
        await device.PublishAsync(MqttTopics.MethodResponse(-7, rid), """{"ok":true}""");
        ServiceAnswer answer = await call;
        Assert.Equal((200, """{"status":-7,"payload":{"ok":true}}"""), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Invoke_EmptyAnswer_IsNull()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        Assert.Equal("""{"status":200,"payload":null}""", (await InvokeAsync(device, "")).Body);
    }

    [Fact]
    public async Task Invoke_OfflineDevice_Is404103InTheMethodsForm()
    {
        string id = await fixture.NewDeviceAsync();
        ServiceAnswer answer = await fixture.Service.SendAsync("POST", Path(id), """{"methodName":"m"}""");
        Assert.Equal((404, "DeviceNotOnline"), (answer.Status, answer.ErrorName));
        using JsonDocument inner = JsonDocument.Parse(answer.Json.GetProperty("Message").GetString()!);
        Assert.Equal(404103, inner.RootElement.GetProperty("errorCode").GetInt32());
    }

    [Fact]
    public async Task Invoke_ConnectedButNotSubscribed_Is404103()
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
        await device.ConnectAsync();
        Assert.Equal("DeviceNotOnline", (await fixture.Service.SendAsync("POST", Path(device.Id), """{"methodName":"m"}""")).ErrorName);
    }

    [Fact]
    public async Task Invoke_UnknownDevice_Is404001()
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("POST", Path("nobody"), """{"methodName":"m"}""");
        Assert.Equal((404, "DeviceNotFound"), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task Invoke_ConnectTimeout_WaitsForTheDevice()
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
        await device.ConnectAsync();
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", Path(device.Id), """{"methodName":"m","connectTimeoutInSeconds":300}""");
        await device.SubscribeAllAsync();
        Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
        await device.PublishAsync(MqttTopics.MethodResponse(200, rid), "1");
        Assert.Equal("""{"status":200,"payload":1}""", (await call).Body);
    }

    [Fact]
    public async Task Invoke_NoAnswerInTime_Is504()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", Path(device.Id), """{"methodName":"m","responseTimeoutInSeconds":5}""");
        await device.NextAsync();
        Assert.False(call.IsCompleted);
        ServiceAnswer answer = await fixture.AdvanceUntilAsync(call);
        Assert.Equal((504, "GatewayTimeout"), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task Invoke_AnswerOfAnotherDevice_IsNotTaken()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        await using RawDevice other = await fixture.ConnectNewAsync();
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", Path(device.Id), """{"methodName":"m"}""");
        Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
        await other.PublishAsync(MqttTopics.MethodResponse(200, rid), "\"forged\"");
        await other.GetTwinAsync();
        await device.PublishAsync(MqttTopics.MethodResponse(200, rid), "\"true\"");
        Assert.Equal("""{"status":200,"payload":"true"}""", (await call).Body);
    }

    [Fact]
    public async Task Invoke_AnswerNotJson_IsServerError()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        ServiceAnswer answer = await InvokeAsync(device, "oops");
        Assert.Equal((500, "ServerError"), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task Invoke_OversizeEitherWay_Is413()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string fits = "\"" + new string('x', (128 * 1024) - 2) + "\"";
        string tooMuch = "\"" + new string('x', (128 * 1024) - 1) + "\"";
        ServiceAnswer request = await fixture.Service.SendAsync("POST", Path(device.Id), $$"""{"methodName":"m","payload":{{tooMuch}}}""");
        Assert.Equal((413, "MessageTooLarge"), (request.Status, request.ErrorName));
        Assert.Equal(200, (await InvokeAsync(device, fits)).Status);
        Assert.Equal(413, (await InvokeAsync(device, tooMuch)).Status);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"methodName":""}""")]
    [InlineData("""{"methodName":"a b"}""")]
    [InlineData("""{"methodName":"a/b"}""")]
    [InlineData("""{"methodName":"é"}""")]
    [InlineData("""{"methodName":"m","responseTimeoutInSeconds":4}""")]
    [InlineData("""{"methodName":"m","responseTimeoutInSeconds":301}""")]
    [InlineData("""{"methodName":"m","responseTimeoutInSeconds":"5"}""")]
    [InlineData("""{"methodName":"m","connectTimeoutInSeconds":-1}""")]
    [InlineData("nonsense")]
    public async Task Invoke_BadRequest_Is400(string body)
    {
        string id = await fixture.NewDeviceAsync();
        Assert.Equal(400, (await fixture.Service.SendAsync("POST", Path(id), body)).Status);
    }

    private static string Path(string id) => $"/twins/{id}/methods";

    private async Task<ServiceAnswer> InvokeAsync(RawDevice device, string answer)
    {
        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", Path(device.Id), """{"methodName":"m"}""");
        Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
        await device.PublishAsync(MqttTopics.MethodResponse(200, rid), answer);
        return await call;
    }
}
