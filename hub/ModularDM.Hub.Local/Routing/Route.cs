using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hub.Local.Routing;

/// <summary>One route at work: a bounded queue in front of an endpoint. It counts what it delivered, what it dropped for want of room, and what the endpoint did not take.</summary>
internal sealed partial class Route : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);
    private readonly Channel<byte[]> waiting;
    private readonly CancellationTokenSource stopping = new();
    private readonly IRouteEndpoint endpoint;
    private readonly ILogger logger;
    private readonly Task work;
    private long delivered;
    private long dropped;
    private long failed;
    private long droppedInARow;

    public Route(HubRoute settings, IRouteEndpoint endpoint, ILogger logger)
    {
        Settings = settings;
        this.endpoint = endpoint;
        this.logger = logger;
        waiting = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(settings.Queue) { SingleReader = true });
        work = WorkAsync();
    }

    public HubRoute Settings { get; }

    public int Waiting => waiting.Reader.Count;

    public long Delivered => Interlocked.Read(ref delivered);

    public long Dropped => Interlocked.Read(ref dropped);

    public long Failed => Interlocked.Read(ref failed);

    /// <summary>Why the last record that failed did; it stays until one is delivered.</summary>
    public string? LastError { get; private set; }

    /// <summary>Takes what the route's condition lets through.</summary>
    /// <param name="value">The value of a property, by its name; <see langword="null"/> for none.</param>
    /// <param name="write">Makes the record, if it is wanted.</param>
    public void Offer(Func<string, string?> value, Func<byte[]> write)
    {
        foreach ((string name, string expected) in Settings.Where)
        {
            if (value(name) != expected)
            {
                return;
            }
        }

        if (waiting.Writer.TryWrite(write()))
        {
            if (Interlocked.Exchange(ref droppedInARow, 0) is > 0 and var count)
            {
                RoomAgain(Settings.Name, count);
            }

            return;
        }

        Interlocked.Increment(ref dropped);
        if (Interlocked.Increment(ref droppedInARow) == 1)
        {
            Full(Settings.Name, Settings.Queue);
        }
    }

    /// <summary>Delivers what waits, for as long as a stop may take.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        stopping.CancelAfter(StopLimit);
        await work;
        if (Waiting > 0)
        {
            Abandoned(Settings.Name, Waiting);
        }

        await endpoint.DisposeAsync();
        stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (byte[] record in waiting.Reader.ReadAllAsync(stopping.Token))
            {
                string? reason = await endpoint.TryDeliverAsync(record, stopping.Token);
                if (reason is null)
                {
                    Interlocked.Increment(ref delivered);
                    LastError = null;
                    continue;
                }

                Interlocked.Increment(ref failed);
                if (LastError is null)
                {
                    NotDelivered(Settings.Name, reason);
                }

                LastError = reason;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The hub stops, and the endpoint takes too long.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Route {Route} drops what comes: {Queue} records wait")]
    private partial void Full(string route, int queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Route {Route} takes records again; it dropped {Count} since its queue was full")]
    private partial void RoomAgain(string route, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Route {Route} could not deliver a record; the log is silent until it can again: {Reason}")]
    private partial void NotDelivered(string route, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Route {Route} was stopped with {Count} records undelivered")]
    private partial void Abandoned(string route, int count);
}
