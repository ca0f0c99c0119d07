using System.Buffers;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>
/// One connection of the MQTT library, from CONNECT to its end, never used again after that. It knows nothing of the hub's topics; the library's exceptions of
/// many kinds end here as <see cref="HubException"/>.
/// </summary>
internal sealed partial class MqttLink : IAsyncDisposable
{
    private static readonly TimeSpan s_longestPing = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(1);

    private readonly HubOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastReceived;

    /// <param name="options">Trust, proxy, keep-alive and limits.</param>
    /// <param name="received">Is given each message, one at a time; must return at once.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">The owner's log.</param>
    public MqttLink(HubOptions options, Func<MqttApplicationMessageReceivedEventArgs, Task> received, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
        Limit = TimeSpan.FromSeconds(options.RequestTimeoutSeconds);
        _client.ApplicationMessageReceivedAsync += args =>
        {
            Touch();
            return received(args);
        };
        _client.DisconnectedAsync += args =>
        {
            End(args.Exception?.Message is { Length: > 0 } reason ? $"The connection was lost: {reason}" : "The hub closed the connection.");
            return Task.CompletedTask;
        };
    }

    /// <summary>Ends with the reason when the connection does.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>How long the other side may take for one request.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Connects.</summary>
    /// <exception cref="HubException">Not reachable, busy (<see cref="HubFailure.Throttled"/>), or not accepted.</exception>
    public async Task ConnectAsync(MqttDial dial, TimeSpan limit, CancellationToken cancellationToken)
    {
        await CallAsync("Connect", dial, limit, async token => Check(dial, (await _client.ConnectAsync(dial.ToClientOptions(_options, limit), token)).ResultCode), cancellationToken);
        Touch();
    }

    /// <summary>Subscribes.</summary>
    /// <exception cref="HubException">Refused, not connected any more, or out of time.</exception>
    public Task SubscribeAsync(MqttDial dial, MqttClientSubscribeOptions filters, CancellationToken cancellationToken) =>
        CallAsync(
            "Subscribe",
            dial,
            Limit,
            async token =>
            {
                MqttClientSubscribeResult granted = await _client.SubscribeAsync(filters, token);
                if (granted.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
                {
                    throw new HubException(HubFailure.Refused, $"Subscribe: {dial.Peer} refuses the subscription to '{refused.TopicFilter.Topic}'.");
                }
            },
            cancellationToken);

    /// <summary>Takes a subscription back.</summary>
    /// <exception cref="HubException">Not connected any more, or out of time.</exception>
    public Task UnsubscribeAsync(MqttDial dial, string filter, CancellationToken cancellationToken) =>
        CallAsync("Unsubscribe", dial, Limit, token => _client.UnsubscribeAsync(new MqttClientUnsubscribeOptionsBuilder().WithTopicFilter(filter).Build(), token), cancellationToken);

    /// <summary>Publishes; with QoS 1 it is done when the other side acknowledged. A write under way is never cut off, since half a packet would break the stream: giving up only ends the wait.</summary>
    /// <exception cref="HubException">Not connected any more.</exception>
    public async Task PublishAsync(string what, string topic, ReadOnlyMemory<byte> body, MqttQualityOfServiceLevel qos, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var message = new MqttApplicationMessage { Topic = topic, Payload = new ReadOnlySequence<byte>(body), QualityOfServiceLevel = qos };
        try
        {
            Task<MqttClientPublishResult> publishing = _client.PublishAsync(message, CancellationToken.None);
            await Task.WhenAny(publishing, _ended.Task).WaitAsync(cancellationToken);
            if (!publishing.IsCompleted)
            {
                throw HubException.NotConnected(what);
            }

            await publishing;
        }
        catch (Exception e) when (e is not HubException && !cancellationToken.IsCancellationRequested)
        {
            throw new HubException(HubFailure.NotConnected, HubException.NotConnected(what).Message, e);
        }
    }

    /// <summary>Acknowledges a message of QoS 1 that was taken with <c>AutoAcknowledge</c> off.</summary>
    /// <exception cref="HubException">Not connected any more; the message will come again.</exception>
    public async Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs message, CancellationToken cancellationToken)
    {
        const string what = "Acknowledge message";
        try
        {
            await message.AcknowledgeAsync(CancellationToken.None).WaitAsync(Limit, _clock, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HubException(HubFailure.NotConnected, HubException.NotConnected(what).Message, e);
        }
    }

    /// <summary>Notices a link that is dead without a word. The library's own keep-alive does not while anything is being published.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        var keepAlive = TimeSpan.FromSeconds(_options.KeepAliveSeconds);
        TimeSpan answerWithin = keepAlive / 2 < s_longestPing ? keepAlive / 2 : s_longestPing;
        while (!_ended.Task.IsCompleted)
        {
            await Task.Delay(keepAlive / 4, _clock, cancellationToken);
            long sent = _clock.GetTimestamp();
            try
            {
                await _client.PingAsync(CancellationToken.None).WaitAsync(answerWithin, _clock, cancellationToken);
                Touch();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                if (Volatile.Read(ref _lastReceived) < sent)
                {
                    End($"The hub did not answer a ping within {answerWithin.TotalSeconds:0.#} s.");
                    return;
                }
            }
        }
    }

    /// <summary>Ends the connection for a reason of ours; the first reason counts.</summary>
    public void End(string reason) => _ended.TrySetResult(reason);

    public async ValueTask DisposeAsync()
    {
        End("The connection was ended.");
        if (_client.IsConnected)
        {
            using var limit = new CancellationTokenSource(s_goodbye, TimeProvider.System);
            try
            {
                await _client.DisconnectAsync(new MqttClientDisconnectOptions(), limit.Token).WaitAsync(limit.Token);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The link is going away in any case; the hub notices the closed socket.
                GoodbyeFailed(e);
            }
        }

        _client.Dispose();
    }

    private static void Check(MqttDial dial, MqttClientConnectResultCode code)
    {
        if (code == MqttClientConnectResultCode.Success)
        {
            return;
        }

        (HubFailure failure, string reason) = code switch
        {
            MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy => (HubFailure.Throttled, "is busy"),
            MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized or MqttClientConnectResultCode.ClientIdentifierNotValid =>
                (HubFailure.Unauthorized, "does not accept this device: it is unknown or disabled there, its key or certificate is wrong, or the device's clock is off"),
            _ => (HubFailure.Refused, "refuses the connection"),
        };
        throw new HubException(failure, $"Connect: {dial.Peer} {reason} ({code}).");
    }

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message;
    }

    private async Task CallAsync(string what, MqttDial dial, TimeSpan limit, Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await call(either.Token);
        }
        catch (Exception e) when (e is not HubException)
        {
            // The library answers a cancellation with an exception of its own.
            cancellationToken.ThrowIfCancellationRequested();
            throw over.IsCancellationRequested
                ? HubException.Timeout($"{what} to {dial}", limit)
                : new HubException(HubFailure.NotConnected, $"{what}: {dial.Peer} at {dial} cannot be reached: {Innermost(e)}", e);
        }
    }

    private void Touch() => Volatile.Write(ref _lastReceived, _clock.GetTimestamp());

    [LoggerMessage(Level = LogLevel.Debug, Message = "The disconnect was not sent.")]
    private partial void GoodbyeFailed(Exception exception);
}
