using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class MqttHubConnectionTests : IAsyncLifetime
{
    private const string Key = "c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhaw==";
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _test = new(s_backstop);
    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingListener _listener = new();
    private readonly CapturedLog<MqttHubConnection> _log = new();
    private WireHub _hub = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync() => _hub = await WireHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(s_backstop);
        await _hub.DisposeAsync();
        _test.Dispose();
        _stop.Dispose();
        Assert.DoesNotContain(Key, _log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("SharedAccessSignature sr=", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_Accepted_SpeaksTheDocumentedWire()
    {
        MqttHubConnection connection = await ConnectedAsync();

        ValidatingConnectionEventArgs connect = await _hub.Connects.ReadAsync(_test.Token);
        Assert.Equal("thermostat", connect.ClientId);
        Assert.Equal(MqttProtocolVersion.V311, connect.ProtocolVersion);
        Assert.False(connect.CleanSession);
        Assert.Equal((ushort)60, connect.KeepAlivePeriod);
        Assert.StartsWith("contoso.example.com/thermostat/?api-version=2021-04-12&DeviceClientType=ModularDM%2F", connect.UserName, StringComparison.Ordinal);
        Assert.StartsWith("SharedAccessSignature sr=contoso.example.com%2Fdevices%2Fthermostat&sig=", connect.Password, StringComparison.Ordinal);
        Assert.Equal(
            ["$iothub/methods/POST/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/twin/res/#"],
            _hub.Subscriptions.Order(StringComparer.Ordinal));
        Assert.True(connection.IsConnected);
        Assert.Equal(("contoso.example.com", "thermostat"), (connection.HubHostName, connection.DeviceId));
    }

    [Fact]
    public async Task GetTwin_Answered_ReturnsBothSections()
    {
        MqttHubConnection connection = await ConnectedAsync();

        HubTwin twin = await connection.GetTwinAsync(_test.Token);

        Assert.Equal((4, 2), (twin.DesiredVersion, twin.ReportedVersion));
        Assert.StartsWith("$iothub/twin/GET/?$rid=", (await _hub.Published.ReadAsync(_test.Token)).Topic, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_Accepted_ReturnsTheNewVersion()
    {
        MqttHubConnection connection = await ConnectedAsync();

        Assert.Equal(3, await connection.ReportAsync("""{"a":1}"""u8.ToArray(), _test.Token));

        (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
        Assert.StartsWith("$iothub/twin/PATCH/properties/reported/?$rid=", topic, StringComparison.Ordinal);
        Assert.Equal("""{"a":1}""", Encoding.UTF8.GetString(body));
    }

    [Theory]
    [InlineData(429, HubFailure.Throttled, true)]
    [InlineData(400, HubFailure.Refused, false)]
    [InlineData(503, HubFailure.ServerError, true)]
    public async Task Report_ErrorStatus_ThrowsItWithTheHubsWords(int status, HubFailure failure, bool transient)
    {
        _hub.Report = (status, "", """{"errorCode":1,"message":"because"}""");
        MqttHubConnection connection = await ConnectedAsync();

        var e = await Assert.ThrowsAsync<HubException>(() => connection.ReportAsync("{}"u8.ToArray(), _test.Token));

        Assert.Equal((failure, status, transient), (e.Failure, e.Status, e.IsTransient));
        Assert.Contains("because", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_ManyAtOnce_EachGetsItsAnswer()
    {
        MqttHubConnection connection = await ConnectedAsync();

        long[] versions = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => connection.ReportAsync("{}"u8.ToArray(), _test.Token)));

        Assert.All(versions, version => Assert.Equal(3, version));
    }

    [Fact]
    public async Task Report_NoAnswer_TimesOut()
    {
        _hub.Report = null;
        MqttHubConnection connection = await ConnectedAsync(options => options.RequestTimeoutSeconds = 1);

        var e = await Assert.ThrowsAsync<HubException>(() => connection.ReportAsync("{}"u8.ToArray(), _test.Token));

        Assert.Equal(HubFailure.Timeout, e.Failure);
        Assert.True(connection.IsConnected);
    }

    [Fact]
    public async Task GetTwin_CallerGivesUp_ThrowsCancellation()
    {
        _hub.AnswerTwin = false;
        MqttHubConnection connection = await ConnectedAsync();
        using var caller = new CancellationTokenSource();
        Task<HubTwin> call = connection.GetTwinAsync(caller.Token);
        await _hub.Published.ReadAsync(_test.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Disconnect_RequestWaiting_FailsItAndConnectsAgain()
    {
        _hub.AnswerTwin = false;
        MqttHubConnection connection = await ConnectedAsync();
        Task<HubTwin> call = connection.GetTwinAsync(_test.Token);
        await _hub.Published.ReadAsync(_test.Token);

        await _hub.DropAsync();

        var e = await Assert.ThrowsAsync<HubException>(() => call);
        Assert.Equal((HubFailure.NotConnected, "Get twin: the device is not connected to its hub."), (e.Failure, e.Message));
        Assert.Equal("disconnected", await _listener.Events.ReadAsync(_test.Token));
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
        _hub.AnswerTwin = true;
        await connection.GetTwinAsync(_test.Token);
        Assert.Equal(6, _hub.Subscriptions.Count);
    }

    [Fact]
    public async Task Desired_Burst_ArrivesInOrder()
    {
        await ConnectedAsync();

        for (int i = 5; i < 105; i++)
        {
            await _hub.SendAsync($"$iothub/twin/PATCH/properties/desired/?$version={i}", $$"""{"a":{{i}},"$version":{{i}}}""");
        }

        for (int i = 5; i < 105; i++)
        {
            Assert.Equal($$"""{"a":{{i}},"$version":{{i}}}""", await _listener.Events.ReadAsync(_test.Token));
        }
    }

    [Fact]
    public async Task Method_Called_IsAnsweredOnItsTopic()
    {
        _listener.Method = (request, _) => Task.FromResult(new HubMethodResponse(202, Encoding.UTF8.GetBytes($"\"{request.Name}:{request.Payload.Length}\"")));
        await ConnectedAsync();

        await _hub.SendAsync("$iothub/methods/POST/windows.reportAllAsync/?$rid=1f", "{}");

        (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
        Assert.Equal("$iothub/methods/res/202/?$rid=1f", topic);
        Assert.Equal("\"windows.reportAllAsync:2\"", Encoding.UTF8.GetString(body));
    }

    [Fact]
    public async Task Method_ListenerFaults_IsAnsweredBlandlyAndLogged()
    {
        _listener.Method = (_, _) => throw new InvalidOperationException("inner detail");
        await ConnectedAsync();

        await _hub.SendAsync("$iothub/methods/POST/contoso.spin/?$rid=2");

        (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
        Assert.Equal("$iothub/methods/res/500/?$rid=2", topic);
        Assert.Equal("""{"message":"The method failed; the device's log says why."}""", Encoding.UTF8.GetString(body));
        Assert.Contains("inner detail", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Method_MoreThanTheBound_IsAnswered429AndOthersGoOn()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _listener.Method = async (_, _) =>
        {
            await release.Task;
            return new HubMethodResponse(200, default);
        };
        MqttHubConnection connection = await ConnectedAsync(options => options.MaxMethodsInFlight = 2);

        for (int i = 0; i < 3; i++)
        {
            await _hub.SendAsync($"$iothub/methods/POST/contoso.spin/?$rid={i}");
        }

        (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
        Assert.StartsWith("$iothub/methods/res/429/?$rid=", topic, StringComparison.Ordinal);
        Assert.Contains("2 methods are running", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        await connection.GetTwinAsync(_test.Token);
        release.SetResult();
        string[] answers = [(await NextAsync("methods")).Topic, (await NextAsync("methods")).Topic];
        Assert.All(answers, answer => Assert.StartsWith("$iothub/methods/res/200/", answer, StringComparison.Ordinal));
        await _hub.SendAsync("$iothub/methods/POST/contoso.spin/?$rid=9");
        Assert.Equal("$iothub/methods/res/200/?$rid=9", (await NextAsync("methods")).Topic);
    }

    [Fact]
    public async Task SendMessage_Acknowledged_CarriesSystemAndApplicationProperties()
    {
        MqttHubConnection connection = await ConnectedAsync();

        await connection.SendMessageAsync(new DeviceMessage("{}"u8.ToArray(), new Dictionary<string, string> { ["a b"] = "ü&=" }), _test.Token);

        (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
        const string prefix = "devices/thermostat/messages/events/";
        Assert.StartsWith(prefix, topic, StringComparison.Ordinal);
        Assert.Equal(
            ["$.ce=utf-8", "$.ct=application/json", "a b=ü&="],
            topic[prefix.Length..].Split('&').Select(Uri.UnescapeDataString).Order(StringComparer.Ordinal));
        Assert.Equal("{}", Encoding.UTF8.GetString(body));
    }

    [Fact]
    public async Task Requests_NotConnected_FailAtOnce()
    {
        MqttHubConnection connection = Connection(TimeProvider.System);

        var e = await Assert.ThrowsAsync<HubException>(() => connection.GetTwinAsync(_test.Token));

        Assert.Equal(HubFailure.NotConnected, e.Failure);
        Assert.False(connection.IsConnected);
    }

    [Theory]
    [InlineData(MqttConnectReasonCode.NotAuthorized)]
    [InlineData(MqttConnectReasonCode.ServerUnavailable)]
    public async Task Connect_Refused_WaitsLongAndTriesAgain(MqttConnectReasonCode code)
    {
        _hub.Verdict = code;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        Run(Connection(clock));
        await _hub.Connects.ReadAsync(_test.Token);
        await _log.WaitForAsync("Next try in", _test.Token);

        clock.Advance(TimeSpan.FromSeconds(9));
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        Assert.False(_hub.Connects.TryRead(out _));

        _hub.Verdict = MqttConnectReasonCode.Success;
        await NextConnectAsync(clock);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
        Assert.Equal(code == MqttConnectReasonCode.NotAuthorized, _log.Text.Contains("is not accepted by contoso.example.com", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_At85Percent_IsRenewedByAPlannedReconnect()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        MqttHubConnection connection = Connection(clock, options =>
        {
            options.TokenLifetimeMinutes = 10;
            options.KeepAliveSeconds = 1177;
        });
        Run(connection);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
        string first = (await _hub.Connects.ReadAsync(_test.Token)).Password;

        clock.Advance(TimeSpan.FromMinutes(8.4));
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        await connection.GetTwinAsync(_test.Token);
        Assert.False(_listener.Events.TryRead(out _));
        clock.Advance(TimeSpan.FromMinutes(0.2));

        Assert.Equal("disconnected", await _listener.Events.ReadAsync(_test.Token));
        Assert.Equal("The connection is being renewed.", _listener.LastReason);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
        Assert.NotEqual(first, (await _hub.Connects.ReadAsync(_test.Token)).Password);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BlackHole_EvenWhilePublishing_IsNoticedWithin1Point5KeepAlives(bool publishing)
    {
        await using var proxy = new BlackHoleProxy(_hub.Port);
        MqttHubConnection connection = Connection(TimeProvider.System, options => options.KeepAliveSeconds = 4, proxy.Port);
        Run(connection);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));

        proxy.Swallow();
        long swallowed = Stopwatch.GetTimestamp();
        using var noticed = new CancellationTokenSource();
        Task publisher = publishing ? PublishOnAsync(connection, noticed.Token) : Task.CompletedTask;

        Assert.Equal("disconnected", await _listener.Events.ReadAsync(_test.Token));
        Assert.InRange(Stopwatch.GetElapsedTime(swallowed).TotalSeconds, 0, 6);
        Assert.Contains("did not answer a ping", _listener.LastReason, StringComparison.Ordinal);
        await noticed.CancelAsync();
        await publisher;
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
    }

    [Fact]
    public async Task Stop_Connected_SendsAnswersAndDisconnectsWithinTwoSeconds()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _listener.Method = async (_, cancellationToken) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return new HubMethodResponse(200, default);
        };
        MqttHubConnection connection = await ConnectedAsync();
        await _hub.SendAsync("$iothub/methods/POST/contoso.spin/?$rid=7");
        await started.Task.WaitAsync(_test.Token);

        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(2), TimeProvider.System);

        Assert.False(connection.IsConnected);
        Assert.Equal("$iothub/methods/res/503/?$rid=7", (await _hub.Published.ReadAsync(_test.Token)).Topic);
        Assert.Equal("disconnected", await _listener.Events.ReadAsync(_test.Token));
    }

    [Fact]
    public async Task Connect_AuthorityNotTrusted_SaysSoAndKeepsTrying()
    {
        File.WriteAllText(_hub.CaFile, TestAuthority.StrangerPem);
        Run(Connection(TimeProvider.System));

        await _log.WaitForAsync("certificate", _test.Token);

        Assert.False(_hub.Connects.TryRead(out _));
    }

    [Fact]
    public async Task Connect_CertificateOfAnotherHost_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS has one loopback address only.");
        await using var proxy = new BlackHoleProxy(_hub.Port, "127.0.0.2");
        Run(Connection(TimeProvider.System, port: proxy.Port, host: "127.0.0.2"));

        await _log.WaitForAsync("certificate", _test.Token);

        Assert.False(_hub.Connects.TryRead(out _));
    }

    [Fact]
    public async Task Connect_OldKeyRefused_ReadsTheNewOneFromItsFile()
    {
        string file = Path.Combine(Path.GetDirectoryName(_hub.CaFile)!, "hub.txt");
        await File.WriteAllTextAsync(file, ConnectionString(_hub.Port) + "\n", _test.Token);
        _hub.Verdict = MqttConnectReasonCode.NotAuthorized;
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        MqttHubConnection connection = Connection(clock, options =>
        {
            options.ConnectionString = null;
            options.ConnectionStringFile = file;
        });
        await File.WriteAllTextAsync(file, ConnectionString(_hub.Port).Replace(Key, "bmV3LWtleQ==", StringComparison.Ordinal), _test.Token);
        Run(connection);
        string first = (await _hub.Connects.ReadAsync(_test.Token)).Password;
        await _log.WaitForAsync("Next try in", _test.Token);
        _hub.Verdict = MqttConnectReasonCode.Success;

        string second = (await NextConnectAsync(clock)).Password;

        Assert.True(ModularDM.Hub.Protocol.SasToken.TryParse(first, out var old, out _));
        Assert.True(ModularDM.Hub.Protocol.SasToken.TryParse(second, out var fresh, out _));
        Assert.True(old.IsSignedWith(Convert.FromBase64String(Key)));
        Assert.True(fresh.IsSignedWith("new-key"u8));
    }

    private static string ConnectionString(int port, string host = "localhost") =>
        $"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey={Key};GatewayHostName={host}:{port}";

    private static async Task PublishOnAsync(MqttHubConnection connection, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            _ = connection.ReportAsync("{}"u8.ToArray(), cancellationToken).ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Turns the clock until the next CONNECT; the wait for it may not have begun yet.</summary>
    private async Task<ValidatingConnectionEventArgs> NextConnectAsync(FakeTimeProvider clock)
    {
        while (true)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            using var moment = CancellationTokenSource.CreateLinkedTokenSource(_test.Token);
            moment.CancelAfter(TimeSpan.FromMilliseconds(500));
            try
            {
                return await _hub.Connects.ReadAsync(moment.Token);
            }
            catch (OperationCanceledException) when (!_test.IsCancellationRequested)
            {
                continue;
            }
        }
    }

    private async Task<(string Topic, byte[] Body)> NextAsync(string kind)
    {
        while (true)
        {
            (string topic, byte[] body) = await _hub.Published.ReadAsync(_test.Token);
            if (topic.StartsWith($"$iothub/{kind}/", StringComparison.Ordinal))
            {
                return (topic, body);
            }
        }
    }

    private MqttHubConnection Connection(TimeProvider clock, Action<HubOptions>? configure = null, int? port = null, string host = "localhost")
    {
        var options = new HubOptions { ConnectionString = ConnectionString(port ?? _hub.Port, host), CaFile = _hub.CaFile };
        configure?.Invoke(options);
        return new MqttHubConnection(Options.Create(options), new ConfiguredIdentity(options, clock, _log), clock, _log);
    }

    private void Run(MqttHubConnection connection) => _running = connection.RunAsync(_listener, _stop.Token);

    private async Task<MqttHubConnection> ConnectedAsync(Action<HubOptions>? configure = null)
    {
        MqttHubConnection connection = Connection(TimeProvider.System, configure);
        Run(connection);
        Assert.Equal("connected", await _listener.Events.ReadAsync(_test.Token));
        return connection;
    }
}
