using ModularDM.Configurator.Audit;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.State;

namespace ModularDM.Configurator.Tests;

/// <summary>The whole service in this process: a real socket, the simulated platform, and a sink that a test can look into.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly IPlatform _platform;

    public TestServer(
        string? policy = null, ServerOptions? options = null, TimeProvider? clock = null, IAuditSink? sink = null, Func<IPlatform, IPlatform>? wrap = null)
    {
        clock ??= TimeProvider.System;
        Simulated = new SimulatedPlatform(Folder.Path, clock);
        _platform = wrap?.Invoke(Simulated) ?? Simulated;
        Log = new ServerLog(LogText);
        Policy parsed = PolicyReader.Read(System.Text.Encoding.UTF8.GetBytes(policy ?? TestPolicies.Full()));
        State = new RootStateStore(Folder.Path, Log);
        var registry = new OperationRegistry(new OperationServices(_platform, State, parsed.Reboot));
        ServerOptions bounds = options ?? new ServerOptions();
        var pipeline = new RequestPipeline(
            registry, new Confirmations(parsed.Confirm, new ApprovalFolder(Folder.Path, clock), clock), new AuditTrail(sink ?? Audit, clock), Log, clock);
        var services = new SessionServices(parsed, registry, pipeline, new CallerLimitsTable(bounds, clock), bounds, clock, Log, "test");
        Socket = Folder.File("c.sock");
        UnixSocketListener listener = UnixSocketListener.Bind(Socket, null, bounds.WriteLimit);
        _running = new ConfiguratorServer(listener, services).RunAsync(_stop.Token);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Socket { get; }

    public SimulatedPlatform Simulated { get; }

    public RootStateStore State { get; }

    public MemoryAuditSink Audit { get; } = new();

    public StringWriter LogText { get; } = new();

    private ServerLog Log { get; }

    public Task<TestClient> ConnectAsync() => TestClient.ConnectAsync(Socket);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TestTimeouts.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _platform.Dispose();
        Folder.Dispose();
        _stop.Dispose();
    }
}
