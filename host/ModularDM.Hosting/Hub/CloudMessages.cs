using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>
/// Cloud-to-device messages on one connection: handed over one at a time, acknowledged in the order they came and only after the handler returned. One that the
/// handler throws at is given to it again, after 1, 2, 4 ... 60 s; the hub keeps what was not acknowledged and sends it on the next connection.
/// </summary>
internal sealed partial class CloudMessages(
    MqttLink link, MqttDial dial, string deviceId, CloudMessageHandler handler, InFlight underWay, TimeProvider clock, ILogger logger)
{
    // The hub keeps 50 for a device.
    private const int MaxWaiting = 100;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });
    private int _unwanted;

    /// <summary>Takes a message over; it is acknowledged later, or not at all.</summary>
    public void Take(MqttApplicationMessageReceivedEventArgs args, IReadOnlyDictionary<string, string?> properties)
    {
        args.AutoAcknowledge = false;
        if (handler.Current is null)
        {
            if (Interlocked.Exchange(ref _unwanted, 1) == 0)
            {
                _ = UnsubscribeAsync();
            }
        }
        else if (!_waiting.Writer.TryWrite(new Waiting(args, new CloudMessage(args.ApplicationMessage.Payload.ToArray(), properties))))
        {
            link.End($"More than {MaxWaiting} cloud-to-device messages are waiting.");
        }
    }

    /// <summary>Subscribes once somebody wants messages, and hands them over until the connection ends.</summary>
    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        await handler.Wanted.WaitAsync(cancellationToken);
        MqttClientSubscribeOptions filter = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(MqttTopics.DeviceBoundFilter(deviceId), MqttQualityOfServiceLevel.AtLeastOnce)
            .Build();
        try
        {
            await link.SubscribeAsync(dial, filter, cancellationToken);
            await foreach (Waiting waiting in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                underWay.Enter();
                try
                {
                    await HandleAsync(waiting.Message, cancellationToken);
                    await link.AcknowledgeAsync(waiting.Args, cancellationToken);
                }
                finally
                {
                    underWay.Leave();
                }
            }
        }
        catch (HubException e)
        {
            link.End(e.Message);
        }
    }

    private async Task HandleAsync(CloudMessage message, CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromSeconds(1); ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            // While nobody wants messages the hub keeps them, this one too.
            await handler.Wanted.WaitAsync(cancellationToken);
            if (handler.Current is { } current && await TryHandleAsync(current, message, pause, cancellationToken))
            {
                return;
            }

            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    private async Task<bool> TryHandleAsync(Func<CloudMessage, CancellationToken, Task> current, CloudMessage message, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(link.Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // The application's code may block before its first await.
            await Task.Run(() => current(message, either.Token), CancellationToken.None).WaitAsync(either.Token);
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The application's code: whatever it throws means "not now", and the connection must outlive it.
            MessageNotHandled(e, message.MessageId, pause.TotalSeconds);
            return false;
        }
    }

    private async Task UnsubscribeAsync()
    {
        MessageUnwanted(deviceId);
        try
        {
            await link.UnsubscribeAsync(dial, MqttTopics.DeviceBoundFilter(deviceId), CancellationToken.None);
        }
        catch (HubException e)
        {
            NotUnsubscribed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The application's handler failed at the cloud-to-device message {MessageId}; it is given to it again in {Seconds:0} s.")]
    private partial void MessageNotHandled(Exception exception, string? messageId, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A cloud-to-device message for {DeviceId} arrived and nobody wants it; it stays at the hub.")]
    private partial void MessageUnwanted(string deviceId);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The subscription to cloud-to-device messages was not taken back.")]
    private partial void NotUnsubscribed(Exception exception);

    private sealed record Waiting(MqttApplicationMessageReceivedEventArgs Args, CloudMessage Message);
}
