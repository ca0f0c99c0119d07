using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>Runs the configurations when one changed, and every so often: what devices and services did meanwhile waits for the next run, as in IoT Hub.</summary>
internal sealed partial class ConfigurationScheduler(ConfigurationRun run, TimeSpan interval, TimeProvider time, ILogger<ConfigurationScheduler> logger) : IAsyncDisposable
{
    // One wish to run stands for all that come before the run begins.
    private readonly Channel<bool> wishes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stop = new();
    private Task loop = Task.CompletedTask;

    public void Start() => loop = Task.Run(LoopAsync);

    /// <summary>A configuration changed: runs soon.</summary>
    public void RunSoon() => wishes.Writer.TryWrite(true);

    /// <summary>Ends when nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await run.RunAsync(stop.Token);
                await WaitAsync();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                RunFailed(e);
                await WaitAsync();
            }
        }
    }

    // Until the interval is over, a configuration changes, or the hub stops.
    private async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(interval, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop.Token);
        try
        {
            await wishes.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            // The time has come, or the hub stops, which the loop sees.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A run of the configurations failed; the next one tries again")]
    private partial void RunFailed(Exception cause);
}
