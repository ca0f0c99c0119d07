using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Runtime;

/// <summary>Ties the hub connection to the twin engine and the method router, for as long as the host runs.</summary>
internal sealed partial class DeviceRuntime(
    IHubConnection hub, Lazy<TwinEngine> engine, Lazy<MethodRouter> methods, LongWork longWork, TimeProvider clock, ILogger<DeviceRuntime> logger) : IHostedService, IHubListener, IDisposable
{
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _stopping = new();
    private Task _connection = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        engine.Value.Start();
        _connection = Task.Run(() => hub.RunAsync(this, _stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Reports of what was running still need the connection, so it goes last.
        await longWork.StopAsync(s_stopLimit);
        await engine.Value.StopAsync();
        await _stopping.CancelAsync();
        try
        {
            await _connection.WaitAsync(s_stopLimit, clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            ConnectionLeftBehind();
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
    }

    public void OnConnected() => engine.Value.Connected();

    public void OnDisconnected(string reason) => engine.Value.Disconnected();

    public void OnDesired(ReadOnlyMemory<byte> patch) => engine.Value.Patched(patch);

    public Task<HubMethodResponse> OnMethodAsync(HubMethodRequest request, CancellationToken cancellationToken) => methods.Value.InvokeAsync(request, cancellationToken);

    public void Dispose() => _stopping.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The hub connection did not close in time")]
    private partial void ConnectionLeftBehind();
}
