using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Server;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests.Server;

public sealed class SessionTests
{
    private static readonly SetTelemetryLevel s_change = new() { Level = TelemetryLevel.Basic };

    [Fact]
    public async Task Hello_SameVersion_ListsOperations()
    {
        await using var server = new TestServer();
        using TestClient client = await TestClient.OpenAsync(server.Socket);
        var hello = Assert.IsType<ServerHello>(await client.HelloAsync());
        Assert.Equal("simulated", hello.Platform);
        Assert.Equal(ConfiguratorOperations.All, hello.Operations);
    }

    [Fact]
    public async Task Hello_OtherVersion_IsAnsweredInWordsAndClosed()
    {
        await using var server = new TestServer();
        using TestClient client = await TestClient.OpenAsync(server.Socket);
        var answer = Assert.IsType<ResponseFrame>(await client.HelloAsync(protocol: 99));
        ResponseFrameAssert.Error(answer, 0, ConfiguratorErrorCode.BadFrame);
        Assert.Contains("99", answer.Error!.Message, StringComparison.Ordinal);
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Hello_NeverSaid_ClosesTheConnection()
    {
        await using var server = new TestServer(options: new ServerOptions { HelloLimit = TimeSpan.FromMilliseconds(50) });
        using TestClient client = await TestClient.OpenAsync(server.Socket);
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Idle_OverTheLimit_ClosesTheConnection()
    {
        await using var server = new TestServer(options: new ServerOptions { IdleLimit = TimeSpan.FromMilliseconds(50) });
        using TestClient client = await server.ConnectAsync();
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Hello_UidWithoutEntry_IsDenied()
    {
        await using var server = new TestServer(TestPolicies.Full("uid:4242424"));
        using TestClient client = await TestClient.OpenAsync(server.Socket);
        ResponseFrameAssert.Error(Assert.IsType<ResponseFrame>(await client.HelloAsync()), 0, ConfiguratorErrorCode.Denied);
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Request_NotGranted_SaysWhoWhatAndWhichLineHelps()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.Denied, new RebootNow { Reason = "r" }, "contoso.fancontrol");
        Assert.Contains(TestPolicies.Self, error.Message, StringComparison.Ordinal);
        Assert.Contains("\"plugin\": \"contoso.fancontrol\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"rebootNow\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_SlowOne_DoesNotHoldUpTheNext()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("ntp", new SimulatedFault { DelayMs = 20_000 });
        using TestClient client = await server.ConnectAsync();
        long slow = await client.StartAsync(new GetNtpServer());
        long quick = await client.StartAsync(new GetTelemetryLevel());
        Assert.Equal(quick, (await client.ResponseAsync()).Id);
        await client.SendAsync(new CancelFrame { Id = slow });
        ResponseFrameAssert.Error(await client.ResponseAsync(), slow, ConfiguratorErrorCode.Revoked);
    }

    [Fact]
    public async Task Request_OverItsDeadline_IsAnsweredWithTimeout()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("ntp", new SimulatedFault { DelayMs = 20_000 });
        using TestClient client = await server.ConnectAsync();
        ResponseFrameAssert.Error(await client.AskAsync(new GetNtpServer(), deadlineMs: 50), 1, ConfiguratorErrorCode.Timeout);
    }

    [Fact]
    public async Task Lease_Revoked_StopsWhatRunsAndRefusesWhatComes()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("ntp", new SimulatedFault { DelayMs = 20_000 });
        using TestClient client = await server.ConnectAsync();
        var set = new SetNtpServer { Server = "a.example.com" };
        // The first holds the area, the second waits for it.
        await client.StartAsync(set, lease: 7);
        await client.StartAsync(set, lease: 7);
        await client.SendAsync(new RevokeLeaseFrame { Lease = 7 });
        ResponseFrame[] ended = [await client.ResponseAsync(), await client.ResponseAsync()];
        Assert.All(ended, response => Assert.Equal(ConfiguratorErrorCode.Revoked, response.Error?.Code));
        ResponseFrameAssert.Error(await client.AskAsync(s_change, lease: 7), 3, ConfiguratorErrorCode.Revoked);
        Assert.Null((await client.AskAsync(s_change, lease: 8)).Error);
    }

    [Fact]
    public async Task InFlight_OverTheBound_IsBusy()
    {
        await using var server = new TestServer(options: new ServerOptions { MaxInFlight = 2 });
        server.Simulated.Faults.Set("ntp", new SimulatedFault { DelayMs = 20_000 });
        using TestClient client = await server.ConnectAsync();
        long first = await client.StartAsync(new GetNtpServer());
        long second = await client.StartAsync(new GetNtpServer());
        ResponseFrameAssert.Error(await client.AskAsync(new GetTelemetryLevel()), 3, ConfiguratorErrorCode.Busy);
        await client.SendAsync(new CancelFrame { Id = first });
        ResponseFrameAssert.Error(await client.ResponseAsync(), first, ConfiguratorErrorCode.Revoked);
        Assert.Null((await client.AskAsync(new GetTelemetryLevel())).Error);
        await client.SendAsync(new CancelFrame { Id = second });
        ResponseFrameAssert.Error(await client.ResponseAsync(), second, ConfiguratorErrorCode.Revoked);
    }

    [Fact]
    public async Task Rate_OverTheBound_IsBusyForChangesOnly()
    {
        await using var server = new TestServer(
            options: new ServerOptions { ChangesPerSecond = 2 }, clock: new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        using TestClient client = await server.ConnectAsync();
        Assert.Null((await client.AskAsync(s_change)).Error);
        Assert.Null((await client.AskAsync(s_change)).Error);
        Assert.Equal(ConfiguratorErrorCode.Busy, (await client.AskAsync(s_change)).Error?.Code);
        Assert.Null((await client.AskAsync(new GetTelemetryLevel())).Error);
    }

    [Fact]
    public async Task Connections_OverTheBound_AreRefusedUntilOneEnds()
    {
        await using var server = new TestServer(options: new ServerOptions { MaxConnections = 1 });
        TestClient first = await server.ConnectAsync();
        using (TestClient second = await TestClient.OpenAsync(server.Socket))
        {
            ResponseFrameAssert.Error(await second.ResponseAsync(), 0, ConfiguratorErrorCode.Busy);
        }

        first.Dispose();
        // The end of the first is noticed a moment after it closed.
        ServerFrame? answer = null;
        for (int i = 0; i < 200 && answer is not ServerHello; i++)
        {
            using TestClient next = await TestClient.OpenAsync(server.Socket);
            try
            {
                answer = await next.HelloAsync();
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }

        Assert.IsType<ServerHello>(answer);
    }

    [Fact]
    public async Task Changes_InOneArea_RunOneAfterTheOther()
    {
        int inside = 0;
        int most = 0;
        await using var server = new TestServer();
        server.Audit.OnWrite = record =>
        {
            // The two records of a change enclose it.
            int now = record.Event == "start" ? Interlocked.Increment(ref inside) : Interlocked.Decrement(ref inside);
            most = Math.Max(most, now);
        };
        using TestClient client = await server.ConnectAsync();
        for (int i = 0; i < 12; i++)
        {
            await client.StartAsync(s_change);
        }

        for (int i = 0; i < 12; i++)
        {
            Assert.Null((await client.ResponseAsync()).Error);
        }

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Timing_OfAChange_NamesItsSteps()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ResponseFrame response = await client.AskAsync(s_change);
        Assert.Equal(
            ["authorize", "audit", "syncml Replace ./Device/Vendor/MSFT/Policy/Config/System/AllowTelemetry"],
            response.Timing!.Steps.Select(step => step.Name));
        Assert.True(response.Timing.DurationNanos > 0);
    }

    [Fact]
    public async Task Stop_WithARequestInFlight_AnswersItFirst()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("ntp", new SimulatedFault { DelayMs = 300 });
        using TestClient client = await server.ConnectAsync();
        long id = await client.StartAsync(new GetNtpServer());
        // An answer behind it proves that the slow one has been read.
        await client.AskAsync(new GetTelemetryLevel());
        Task stopped = server.StopAsync();
        ResponseFrame response = await client.ResponseAsync();
        Assert.Equal(id, response.Id);
        Assert.Null(response.Error);
        Assert.Null(await client.ReceiveAsync());
        await stopped;
        Assert.False(File.Exists(server.Socket));
    }

    [Fact]
    public async Task Area_NotThere_IsNotSupportedAndNotListed()
    {
        await using var server = new TestServer(wrap: platform => new PlatformLacking(platform, telemetry: true));
        using TestClient client = await TestClient.OpenAsync(server.Socket);
        var hello = Assert.IsType<ServerHello>(await client.HelloAsync());
        Assert.DoesNotContain("getTelemetryLevel", hello.Operations);
        await client.FailAsync(ConfiguratorErrorCode.NotSupported, new GetTelemetryLevel());
    }
}
