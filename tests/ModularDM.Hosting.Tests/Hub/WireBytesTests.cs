using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>The device's side of the wire, byte for byte.</summary>
public sealed class WireBytesTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _test = new(TestTimeouts.Default);
    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingListener _listener = new();
    private readonly CapturedLog<MqttHubConnection> _log = new();
    private readonly ScriptedHub _hub = new();
    private MqttHubConnection _connection = null!;
    private Task _running = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        var options = new HubOptions
        {
            ConnectionString = $"HostName=contoso.example.com;DeviceId=fan;SharedAccessKey=c2VjcmV0;GatewayHostName=localhost:{_hub.Port.ToString(CultureInfo.InvariantCulture)}",
            CaFile = _hub.CaFile,
        };
        _connection = new MqttHubConnection(Options.Create(options), new ConfiguredIdentity(options, TimeProvider.System, _log), TimeProvider.System, _log);
        _running = _connection.RunAsync(_listener, _stop.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _hub.DisposeAsync();
        await _running.WaitAsync(TestTimeouts.Default);
        _test.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Connect_IsAConnectOf311WithTheSessionKeptAndThreeFilters()
    {
        (byte[] connect, byte[] subscribe) = await _hub.WelcomeAsync();

        Assert.Equal(0x10, connect[0]);
        int at = ScriptedHub.Skip(connect);
        // "MQTT", level 4, user name and password and no clean session, keep-alive 60, client id.
        Assert.Equal([0x00, 0x04, 0x4D, 0x51, 0x54, 0x54, 0x04, 0xC0, 0x00, 0x3C, 0x00, 0x03, 0x66, 0x61, 0x6E], connect[at..(at + 15)]);
        string rest = Encoding.UTF8.GetString(connect[(at + 17)..]);
        Assert.StartsWith("contoso.example.com/fan/?api-version=2021-04-12", rest, StringComparison.Ordinal);
        Assert.Contains("SharedAccessSignature sr=contoso.example.com%2Fdevices%2Ffan&sig=", rest, StringComparison.Ordinal);

        Assert.Equal(0x82, subscribe[0]);
        at = ScriptedHub.Skip(subscribe) + 2;
        byte[] filters =
        [
            0x00, 18, .. "$iothub/twin/res/#"u8, 0x00,
            0x00, 39, .. "$iothub/twin/PATCH/properties/desired/#"u8, 0x01,
            0x00, 22, .. "$iothub/methods/POST/#"u8, 0x00,
        ];
        Assert.Equal(filters, subscribe[at..]);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task TwinGet_AnsweredWholeOrByteByByte_ReadsBothVersions(int piece)
    {
        await ConnectedAsync();
        Task<HubTwin> asked = _connection.GetTwinAsync(_test.Token);

        (string topic, _, string body) = await _hub.ReadPublishAsync();
        Assert.Matches(@"^\$iothub/twin/GET/\?\$rid=[0-9a-f]+$", topic);
        Assert.Empty(body);
        await _hub.PublishAsync(topic.Replace("GET/", "res/200/", StringComparison.Ordinal), """{"desired":{"a":1,"$version":12},"reported":{"$version":5}}""", piece);

        HubTwin twin = await asked;
        Assert.Equal((12, 5), (twin.DesiredVersion, twin.ReportedVersion));
    }

    [Fact]
    public async Task Report_AnsweredWith204_ReturnsTheVersionOfTheTopic()
    {
        await ConnectedAsync();
        Task<long> reporting = _connection.ReportAsync("""{"a":null}"""u8.ToArray(), _test.Token);

        (string topic, _, string body) = await _hub.ReadPublishAsync();
        Assert.Matches(@"^\$iothub/twin/PATCH/properties/reported/\?\$rid=[0-9a-f]+$", topic);
        Assert.Equal("""{"a":null}""", body);
        await _hub.PublishAsync($"$iothub/twin/res/204/?$rid={topic[(topic.IndexOf('=', StringComparison.Ordinal) + 1)..]}&$version=77", "");

        Assert.Equal(77, await reporting);
    }

    [Theory]
    [InlineData(429, 429001, HubFailure.Throttled)]
    [InlineData(400, 400004, HubFailure.Refused)]
    [InlineData(500, 500001, HubFailure.ServerError)]
    public async Task Report_AnsweredWithAnErrorBody_FailsByTheTopicsStatus(int status, int code, HubFailure failure)
    {
        await ConnectedAsync();
        Task<long> reporting = _connection.ReportAsync("{}"u8.ToArray(), _test.Token);

        string rid = (await _hub.ReadPublishAsync()).Topic.Split("$rid=")[1];
        await _hub.PublishAsync(
            $"$iothub/twin/res/{status}/?$rid={rid}",
            $$"""{"errorCode":{{code}},"trackingId":"0123456789abcdef0123456789abcdef-G:5-TimeStamp:01/18/2026 08:11:45","message":"not now","timestampUtc":"2026-01-18T08:11:45.1234567Z"}""");

        HubException e = await Assert.ThrowsAsync<HubException>(() => reporting);
        Assert.Equal((failure, status), (e.Failure, e.Status));
        Assert.Contains("not now", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Desired_NotifiedWithQoS1_IsHandedOnAndAcknowledgedByItsPacketId()
    {
        await ConnectedAsync();
        byte[] topic = "$iothub/twin/PATCH/properties/desired/?$version=9"u8.ToArray(), body = """{"a":1,"$version":9}"""u8.ToArray();

        await _hub.SendAsync([0x32, (byte)(4 + topic.Length + body.Length), 0x00, (byte)topic.Length, .. topic, 0x12, 0x34, .. body]);

        Assert.Equal([0x40, 0x02, 0x12, 0x34], await _hub.ReadPacketAsync());
        Assert.Equal("""{"a":1,"$version":9}""", await _listener.Events.ReadAsync(_test.Token));
    }

    [Theory]
    [InlineData("""{"x":1}""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Method_Called_IsAnsweredUnderItsRequestId(string payload)
    {
        _listener.Method = (request, _) => Task.FromResult(new HubMethodResponse(-3, request.Payload));
        await ConnectedAsync();

        await _hub.PublishAsync("$iothub/methods/POST/contoso.spin/?$rid=3f", payload);

        Assert.Equal(("$iothub/methods/res/-3/?$rid=3f", 0, payload), await _hub.ReadPublishAsync());
    }

    [Fact]
    public async Task Message_IsSentWithQoS1AndDoneWithItsPuback()
    {
        await ConnectedAsync();
        Task sending = _connection.SendMessageAsync(new DeviceMessage("{}"u8.ToArray(), new Dictionary<string, string>()), _test.Token);

        (string topic, int id, string body) = await _hub.ReadPublishAsync(0x32);
        Assert.StartsWith("devices/fan/messages/events/", topic, StringComparison.Ordinal);
        Assert.Equal("{}", body);
        Assert.False(sending.IsCompleted);
        await _hub.SendAsync([0x40, 0x02, (byte)(id >> 8), (byte)id]);

        await sending.WaitAsync(_test.Token);
    }

    [Theory]
    [InlineData(0x03, "the hub is busy")]
    [InlineData(0x05, "is not accepted by contoso.example.com")]
    public async Task Connack_OtherThanZero_IsSaidByItsCode(byte code, string words)
    {
        await _hub.AcceptAsync();
        await _hub.ReadPacketAsync();
        await _hub.SendAsync([0x20, 0x02, 0x00, code]);

        await _log.WaitForAsync(words, _test.Token);
    }

    private async Task ConnectedAsync()
    {
        await _hub.WelcomeAsync();
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
    }
}
