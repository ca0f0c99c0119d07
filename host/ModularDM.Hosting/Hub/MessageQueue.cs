using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Hosting.Hub;

/// <summary>
/// Device-to-cloud messages on their way, in order. While the device is offline the newest are kept: one too many drops the oldest, whose sender is told.
/// While it is online a full queue makes senders wait.
/// </summary>
internal sealed partial class MessageQueue : BackgroundService, IMessageSender
{
    private const int MaxMessageBytes = 256 * 1024;
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_betweenLogs = TimeSpan.FromMinutes(1);

    private readonly IHubConnection _hub;
    private readonly TimeProvider _clock;
    private readonly ILogger<MessageQueue> _logger;
    private readonly int _capacity;
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _waiting = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private TaskCompletionSource _room = NewSignal();
    private bool _stopped;
    private long _droppedSinceLog;
    private long? _loggedAt;

    public MessageQueue(IHubConnection hub, IOptions<HubOptions> options, TimeProvider clock, ILogger<MessageQueue> logger)
    {
        _hub = hub;
        _clock = clock;
        _logger = logger;
        _capacity = options.Value.MaxQueuedMessages;
    }

    public async Task<bool> SendAsync(ReadOnlyMemory<byte> utf8Json, IReadOnlyDictionary<string, string>? properties, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        properties ??= new Dictionary<string, string>();
        int size = utf8Json.Length + properties.Sum(property => Encoding.UTF8.GetByteCount(property.Key) + Encoding.UTF8.GetByteCount(property.Value));
        if (size > MaxMessageBytes)
        {
            throw new ArgumentException($"The message has {size} bytes with its properties; the hub takes {MaxMessageBytes}.", nameof(utf8Json));
        }

        LinkedListNode<Waiting>? node;
        while (!TryAdd(new DeviceMessage(utf8Json, properties), out node, out Task room))
        {
            try
            {
                await room.WaitAsync(s_longestPause, _clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Perhaps the device is offline by now; then there is room for the newest.
                continue;
            }
        }

        if (node is null)
        {
            return false;
        }

        try
        {
            return await node.Value.Done.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Remove(node);
            throw;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);

        // Here and not where the sender loop ends: a service that is stopped at once never gets as far as its loop.
        DropAll();
    }

    public override void Dispose()
    {
        base.Dispose();
        _arrived.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _arrived.WaitAsync(stoppingToken);
            await SendWaitingAsync(stoppingToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task SendWaitingAsync(CancellationToken stoppingToken)
    {
        TimeSpan pause = s_shortestPause;
        while (First() is { } node)
        {
            try
            {
                if (_hub.IsConnected)
                {
                    await _hub.SendMessageAsync(node.Value.Message, stoppingToken);
                    Finish(node, acknowledged: true);
                    pause = s_shortestPause;
                    continue;
                }
            }
            catch (HubException e) when (e.IsTransient)
            {
                SendFailed(e, e.Message);
            }
            catch (HubException e)
            {
                SendRefused(e, e.Message);
                Finish(node, acknowledged: false);
                continue;
            }

            await Task.Delay(pause, _clock, stoppingToken);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    private bool TryAdd(DeviceMessage message, out LinkedListNode<Waiting>? node, out Task room)
    {
        LinkedListNode<Waiting>? oldest = null;
        lock (_gate)
        {
            node = null;
            room = _room.Task;
            if (_stopped)
            {
                return true;
            }

            if (_waiting.Count >= _capacity)
            {
                if (_hub.IsConnected)
                {
                    return false;
                }

                oldest = _waiting.First!;
                _waiting.RemoveFirst();
            }

            node = _waiting.AddLast(new Waiting(message));
        }

        _arrived.Release();
        if (oldest is not null)
        {
            oldest.Value.Done.TrySetResult(false);
            CountDropped(1);
        }

        return true;
    }

    private LinkedListNode<Waiting>? First()
    {
        lock (_gate)
        {
            return _waiting.First;
        }
    }

    private void Finish(LinkedListNode<Waiting> node, bool acknowledged)
    {
        Remove(node);
        if (!node.Value.Done.TrySetResult(acknowledged) || acknowledged)
        {
            return;
        }

        CountDropped(1);
    }

    private void Remove(LinkedListNode<Waiting> node)
    {
        TaskCompletionSource room;
        lock (_gate)
        {
            if (node.List is null)
            {
                return;
            }

            _waiting.Remove(node);
            room = _room;
            _room = NewSignal();
        }

        room.TrySetResult();
    }

    private void DropAll()
    {
        List<Waiting> left;
        lock (_gate)
        {
            _stopped = true;
            left = [.. _waiting];
            _waiting.Clear();
            _room.TrySetResult();
        }

        foreach (Waiting waiting in left)
        {
            waiting.Done.TrySetResult(false);
        }

        if (left.Count > 0)
        {
            HostTelemetry.MessagesDropped.Add(left.Count);
            DroppedAtStop(left.Count);
        }
    }

    private void CountDropped(int count)
    {
        HostTelemetry.MessagesDropped.Add(count);
        long dropped;
        lock (_gate)
        {
            _droppedSinceLog += count;
            if (_loggedAt is { } at && _clock.GetElapsedTime(at) < s_betweenLogs)
            {
                return;
            }

            dropped = _droppedSinceLog;
            _droppedSinceLog = 0;
            _loggedAt = _clock.GetTimestamp();
        }

        Dropped(dropped, _capacity);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} device-to-cloud messages were dropped, oldest first; {Capacity} are kept.")]
    private partial void Dropped(long count, int capacity);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} device-to-cloud messages were still waiting when the runtime stopped; they are lost.")]
    private partial void DroppedAtStop(int count);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A message waits for the hub: {Reason}")]
    private partial void SendFailed(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The hub does not take a message: {Reason}")]
    private partial void SendRefused(Exception exception, string reason);

    private sealed record Waiting(DeviceMessage Message)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
