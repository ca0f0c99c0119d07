using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Hosting.Configurator;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Tests.Configurator;

public sealed class ConfiguratorClientTests : IAsyncDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);

    private readonly ScriptedConfigurator _root = new();
    private readonly CancellationTokenSource _test = new(s_backstop);
    private readonly List<ConfiguratorClient> _clients = [];

    public async ValueTask DisposeAsync()
    {
        foreach (ConfiguratorClient client in _clients)
        {
            await client.DisposeAsync();
        }

        await _root.DisposeAsync();
        _test.Dispose();
    }

    [Fact]
    public async Task Send_Answered_ReturnsTheResultAndKeepsThePeer()
    {
        _root.Start();
        ConfiguratorClient client = Client();
        Assert.Null(client.Peer);

        NtpServerState state = await client.SendAsync("contoso.clock", 7, new GetNtpServer(), _test.Token);

        Assert.Equal("time.example.com", state.Server);
        Assert.Equal("9.9.9", client.Peer?.Version);
        var sent = Assert.IsType<RequestFrame>(await _root.Received.ReadAsync(_test.Token));
        Assert.Equal(("contoso.clock", 7L), (sent.Plugin, sent.Lease));
        Assert.InRange(sent.DeadlineMs, 20_000, 30_000);
    }

    [Fact]
    public async Task Send_ManyAtOnceAnsweredInAnyOrder_EachGetsItsOwn()
    {
        _root.Answer = async request =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(request.Id % 7), TimeProvider.System);
            string asked = ((SetNtpServer)request.Request).Server;
            return new ResponseFrame { Id = request.Id, Error = new ConfiguratorError(ConfiguratorErrorCode.Failed, asked) };
        };
        _root.Start();
        ConfiguratorClient client = Client();

        await Parallel.ForEachAsync(Enumerable.Range(0, 500), new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, token) =>
        {
            var e = await Assert.ThrowsAsync<ConfiguratorException>(
                () => client.SendAsync("contoso.clock", 0, new SetNtpServer { Server = $"{i}.example.com" }, token));
            Assert.Equal($"{i}.example.com", e.Message);
        });
        Assert.Equal(1, _root.Connections);
    }

    [Fact]
    public async Task Send_CallerBlocksAfterAnswer_OthersAreStillAnswered()
    {
        _root.Start();
        ConfiguratorClient client = Client();
        using var release = new ManualResetEventSlim();
        var blocking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task blocked = Task.Run(async () =>
        {
            await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
            blocking.SetResult();
            release.Wait(s_backstop);
        });
        await blocking.Task.WaitAsync(_test.Token);

        await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);

        Assert.False(blocked.IsCompleted);
        release.Set();
        await blocked;
    }

    [Fact]
    public async Task Send_ErrorAnswer_ThrowsItUnchanged()
    {
        var error = new ConfiguratorError(ConfiguratorErrorCode.Denied, "Policy says no.", "detail", 5);
        _root.Answer = request => Task.FromResult<ServerFrame?>(new ResponseFrame { Id = request.Id, Error = error });
        _root.Start();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => Client().SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));

        Assert.Equal(error, e.Error);
    }

    [Fact]
    public async Task Send_AnswerOfAnotherKind_IsBadFrame()
    {
        _root.Answer = request => Task.FromResult<ServerFrame?>(new ResponseFrame { Id = request.Id, Result = Done.Instance });
        _root.Start();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => Client().SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));

        Assert.Equal(ConfiguratorErrorCode.BadFrame, e.Code);
        Assert.Equal("The answer to getNtpServer is Done, not NtpServerState.", e.Message);
    }

    [Fact]
    public async Task Send_Cancelled_ThrowsAtOnceAndTellsRoot()
    {
        _root.Answer = _ => Task.FromResult<ServerFrame?>(null);
        _root.Start();
        ConfiguratorClient client = Client();
        using var caller = new CancellationTokenSource();
        Task<NtpServerState> call = client.SendAsync("contoso.clock", 0, new GetNtpServer(), caller.Token);
        var request = (RequestFrame)await _root.Received.ReadAsync(_test.Token);

        await caller.CancelAsync();

        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(caller.Token, e.CancellationToken);
        Assert.Equal(new CancelFrame { Id = request.Id }, await _root.Received.ReadAsync(_test.Token));
    }

    [Fact]
    public async Task Send_OverTheLimit_IsTimeoutAndTellsRoot()
    {
        _root.Answer = _ => Task.FromResult<ServerFrame?>(null);
        _root.Start();
        var clock = new FakeTimeProvider();
        ConfiguratorClient client = Client(clock, seconds: 5);
        Task<NtpServerState> call = client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        var request = (RequestFrame)await _root.Received.ReadAsync(_test.Token);

        clock.Advance(TimeSpan.FromSeconds(5));

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => call);
        Assert.Equal(ConfiguratorErrorCode.Timeout, e.Code);
        Assert.Equal("getNtpServer did not finish within 5 s; its outcome is unknown.", e.Message);
        Assert.Equal(new CancelFrame { Id = request.Id }, await _root.Received.ReadAsync(_test.Token));
    }

    [Fact]
    public async Task Send_ConnectionLostMeanwhile_FailsAndTheNextReconnects()
    {
        _root.Answer = _ => Task.FromResult<ServerFrame?>(null);
        _root.Start();
        ConfiguratorClient client = Client();
        Task<NtpServerState> call = client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        await _root.Received.ReadAsync(_test.Token);

        _root.DropConnections();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => call);
        Assert.Equal(ConfiguratorErrorCode.Unavailable, e.Code);
        Assert.Contains("before getNtpServer was answered", e.Message, StringComparison.Ordinal);
        _root.Answer = request => Task.FromResult<ServerFrame?>(new ResponseFrame { Id = request.Id, Result = new NtpServerState("again") });
        Assert.Equal("again", (await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token)).Server);
        Assert.Equal(2, _root.Connections);
    }

    [Fact]
    public async Task Send_NobodyListens_FailsFastThenRecovers()
    {
        var clock = new FakeTimeProvider();
        ConfiguratorClient client = Client(clock);
        Task<NtpServerState> first = client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        while (!first.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => first);
        Assert.Equal(ConfiguratorErrorCode.Unavailable, e.Code);
        Assert.Contains(_root.Endpoint, e.Message, StringComparison.Ordinal);

        _root.Start();
        await Assert.ThrowsAsync<ConfiguratorException>(() => client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));
        Assert.Equal(0, _root.Connections);

        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("time.example.com", (await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token)).Server);
    }

    [Fact]
    public async Task Send_RootRestartsJustThen_WaitsForIt()
    {
        ConfiguratorClient client = Client();
        Task<NtpServerState> call = client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        Assert.False(call.IsCompleted);

        _root.Start();

        Assert.Equal("time.example.com", (await call).Server);
    }

    [Fact]
    public async Task Connect_OtherProtocol_SaysSoInWords()
    {
        _root.Hello = new ServerHello { Protocol = 2, Version = "9.9.9", Platform = "linux", Operations = [] };
        _root.Start();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => Client().SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));

        Assert.Equal("The configurator 9.9.9 speaks protocol 2, this host protocol 1. Install both from one release.", e.Message);
    }

    [Fact]
    public async Task Connect_Refused_ThrowsRootsReason()
    {
        _root.Hello = new ResponseFrame { Id = 0, Error = new ConfiguratorError(ConfiguratorErrorCode.Denied, "uid 1234 may not use this socket.") };
        _root.Start();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(() => Client().SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));

        Assert.Equal((ConfiguratorErrorCode.Denied, "uid 1234 may not use this socket."), (e.Code, e.Message));
    }

    [Fact]
    public async Task Send_RootStopsReading_EndsAtTheLimitAndReconnects()
    {
        _root.Deaf = true;
        _root.Start();
        ConfiguratorClient client = Client(seconds: 1);
        var big = new SetNtpServer { Server = new string('x', 900_000) };

        Task<ConfiguratorException>[] calls = [.. Enumerable.Range(0, 3).Select(_ =>
            Assert.ThrowsAsync<ConfiguratorException>(() => client.SendAsync("contoso.clock", 0, big, _test.Token)))];
        Assert.All(await Task.WhenAll(calls), e => Assert.Equal(ConfiguratorErrorCode.Timeout, e.Code));

        _root.Deaf = false;
        ConfiguratorException? last = null;
        for (int i = 0; i < 10 && _root.Connections < 2; i++)
        {
            last = await Record.ExceptionAsync(() => client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token)) as ConfiguratorException;
        }

        Assert.Null(last);
    }

    [Fact]
    public async Task Send_FrameTooLarge_IsRefusedAndTheConnectionStays()
    {
        _root.Start();
        ConfiguratorClient client = Client();

        var e = await Assert.ThrowsAsync<ConfiguratorException>(
            () => client.SendAsync("contoso.clock", 0, new SetNtpServer { Server = new string('x', 2_000_000) }, _test.Token));

        Assert.Equal(ConfiguratorErrorCode.BadFrame, e.Code);
        await client.SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token);
        Assert.Equal(1, _root.Connections);
    }

    [Fact]
    public async Task RevokeLease_Connected_TellsRoot()
    {
        _root.Start();
        ConfiguratorClient client = Client();
        client.RevokeLease(1);
        await client.SendAsync("contoso.clock", 2, new GetNtpServer(), _test.Token);
        Assert.IsType<RequestFrame>(await _root.Received.ReadAsync(_test.Token));

        client.RevokeLease(2);

        Assert.Equal(new RevokeLeaseFrame { Lease = 2 }, await _root.Received.ReadAsync(_test.Token));
    }

    [Fact]
    public async Task Send_Traced_EmitsRequestOperationAndSteps()
    {
        _root.Answer = request => Task.FromResult<ServerFrame?>(new ResponseFrame
        {
            Id = request.Id,
            Error = new ConfiguratorError(ConfiguratorErrorCode.NotSupported, "No NTP here."),
            Timing = new OperationTiming
            {
                StartUnixNanos = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100,
                DurationNanos = 5_000_000,
                Steps = [new OperationStep("authorize", 0, 1_000_000), new OperationStep("dbus Get", 1_000_000, 3_000_000, Failed: true)],
            },
        });
        _root.Start();
        using var root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var spans = new SpanCollector(root.TraceId);

        await Assert.ThrowsAsync<ConfiguratorException>(() => Client().SendAsync("contoso.clock", 0, new GetNtpServer(), _test.Token));

        Activity request = spans.Single("configurator.request getNtpServer");
        Assert.Equal(root.SpanId, request.ParentSpanId);
        Assert.Equal("contoso.clock", request.GetTagItem(HostTelemetry.Tags.PluginId));
        Assert.Equal("notSupported", request.GetTagItem(HostTelemetry.Tags.Outcome));
        Assert.Equal(ActivityStatusCode.Error, request.Status);
        Activity operation = spans.Single("configurator.operation getNtpServer");
        Assert.Equal(request.SpanId, operation.ParentSpanId);
        Assert.Equal(TimeSpan.FromMilliseconds(5), operation.Duration);
        Activity step = spans.Single("dbus Get");
        Assert.Equal(operation.SpanId, step.ParentSpanId);
        Assert.Equal((ActivityStatusCode.Error, TimeSpan.FromMilliseconds(3)), (step.Status, step.Duration));
        Assert.Equal(operation.StartTimeUtc + TimeSpan.FromMilliseconds(1), step.StartTimeUtc);
        var frame = (RequestFrame)await _root.Received.ReadAsync(_test.Token);
        Assert.Equal(request.Id, frame.Traceparent);
        Assert.Same(root, Activity.Current);
    }

    [Theory]
    [InlineData("", 30, "Configurator:Endpoint is required")]
    [InlineData("relative.sock", 30, "Configurator:Endpoint must be an absolute path here; it is 'relative.sock'.")]
    [InlineData("/run/x.sock", 0, "Configurator:RequestTimeoutSeconds must be from 1 to 600; it is 0.")]
    public void Options_Wrong_NameTheKey(string endpoint, int seconds, string message)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A bare name is a pipe on Windows.");
        ValidateOptionsResult result = new ConfiguratorOptionsValidator()
            .Validate(null, new ConfiguratorOptions { Endpoint = endpoint, RequestTimeoutSeconds = seconds });
        Assert.Contains(message, result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_Defaults_AreTheDocumentedOnes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has a pipe's name.");
        var options = new ConfiguratorOptions();
        Assert.Equal(("/run/modulardm/configurator.sock", 30), (options.Endpoint, options.RequestTimeoutSeconds));
        Assert.True(new ConfiguratorOptionsValidator().Validate(null, options).Succeeded);
    }

    private ConfiguratorClient Client(TimeProvider? clock = null, int seconds = 30)
    {
        var options = new ConfiguratorOptions { Endpoint = _root.Endpoint, RequestTimeoutSeconds = seconds };
        var client = new ConfiguratorClient(Options.Create(options), clock ?? TimeProvider.System, NullLogger<ConfiguratorClient>.Instance);
        _clients.Add(client);
        return client;
    }
}
