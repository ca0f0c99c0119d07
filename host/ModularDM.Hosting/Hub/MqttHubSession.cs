using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>One connection to the hub as a device sees it, from CONNECT to its end: it hands on what arrives. It is never used again after that.</summary>
/// <remarks>The MQTT library delivers one message at a time, so everything that arrives is handed on at once: answers, patches, methods and messages never wait for each other.</remarks>
internal sealed partial class MqttHubSession : IAsyncDisposable
{
    private const int MaxWaitingPatches = 1000;
    private static readonly TimeSpan s_lastAnswers = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IHubListener _listener;
    private readonly CancellationToken _stopping;
    private readonly MqttDial _dial;
    private readonly MqttLink _link;
    private readonly InFlight _underWay = new();
    private readonly MethodCalls _methods;
    private readonly CloudMessages? _messages;
    private readonly Channel<ReadOnlyMemory<byte>> _patches = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        // The listener returns at once, so it may be told on the thread that received: one change of threads less in every patch.
        new BoundedChannelOptions(MaxWaitingPatches) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });

    public MqttHubSession(
        HubOptions options, HubIdentity identity, MqttDial dial, IHubListener listener, CloudMessageHandler messages, TimeProvider clock, ILogger logger, CancellationToken stopping)
    {
        _dial = dial;
        _listener = listener;
        _clock = clock;
        _logger = logger;
        _stopping = stopping;
        _link = new MqttLink(options, OnMessageAsync, clock, logger);
        Requests = new HubRequests(_link, identity.ClientId, clock);
        _methods = new MethodCalls(_link, listener, options, _underWay, clock, logger, stopping);

        // The hub sends messages to devices alone.
        _messages = identity.Connection.ModuleId is null ? new CloudMessages(_link, dial, identity.ClientId, messages, _underWay, clock, logger) : null;
    }

    /// <summary>What may be asked of the hub, between <see cref="TryEnter"/> and <see cref="Leave"/>.</summary>
    public HubRequests Requests { get; }

    /// <summary>Begins a request; false when this connection is about to end as planned, and the next one should be waited for.</summary>
    public bool TryEnter() => _underWay.TryEnter();

    /// <summary>Ends a request.</summary>
    public void Leave() => _underWay.Leave();

    /// <summary>Connects and subscribes.</summary>
    /// <exception cref="HubException">Not reachable, busy (<see cref="HubFailure.Throttled"/>), or not accepted.</exception>
    public async Task ConnectAsync(TimeSpan limit)
    {
        await _link.ConnectAsync(_dial, limit, _stopping);
        MqttClientSubscribeOptions filters = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(MqttTopics.TwinResponseFilter, MqttQualityOfServiceLevel.AtMostOnce)
            .WithTopicFilter(MqttTopics.DesiredFilter, MqttQualityOfServiceLevel.AtLeastOnce)
            .WithTopicFilter(MqttTopics.MethodFilter, MqttQualityOfServiceLevel.AtMostOnce)
            .Build();
        await _link.SubscribeAsync(_dial, filters, _stopping);
    }

    /// <summary>Tells the listener, then hands on what arrives until the connection ends, is renewed or the runtime stops.</summary>
    /// <param name="renewal">When a planned end is due; never, if infinite.</param>
    /// <param name="grace">How long a planned end may wait for a moment in which nothing is under way.</param>
    /// <param name="renewing">Is called before the first request is turned away.</param>
    /// <returns>Why it ended; null when it was planned.</returns>
    public async Task<string?> ServeAsync(TimeSpan renewal, TimeSpan grace, Action renewing)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        Task planned = Task.Delay(renewal, _clock, over.Token);
        Task watching = _link.WatchAsync(over.Token);
        _listener.OnConnected();
        Task patches = DeliverPatchesAsync();
        Task messages = _messages?.DeliverAsync(over.Token) ?? Task.CompletedTask;
        try
        {
            await Task.WhenAny(_link.Ended, planned, patches, watching);
            if (_link.Ended.IsCompleted)
            {
                return await _link.Ended;
            }

            await EndAsPlannedAsync(grace, renewing);
            return null;
        }
        finally
        {
            _link.End("The connection was ended as planned.");
            _patches.Writer.TryComplete();
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await messages.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await patches;
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    /// <summary>Waits for a moment in which nothing is under way; from then on requests are turned away to the next connection, so that none is lost.</summary>
    private async Task EndAsPlannedAsync(TimeSpan grace, Action renewing)
    {
        if (_stopping.IsCancellationRequested)
        {
            await _underWay.CloseAsync(s_lastAnswers, _clock, _link.Ended, CancellationToken.None);
            return;
        }

        renewing();
        await _underWay.CloseAsync(grace, _clock, _link.Ended, _stopping);
    }

    private Task OnMessageAsync(MqttApplicationMessageReceivedEventArgs args)
    {
        string topic = args.ApplicationMessage.Topic;
        if (MqttTopics.TryParseTwinResponse(topic, out int status, out string? requestId, out long? version))
        {
            Requests.Complete(requestId, new TwinAnswer(status, version, args.ApplicationMessage.Payload.ToArray()));
        }
        else if (MqttTopics.TryParseDesiredPatch(topic, out _))
        {
            if (!_patches.Writer.TryWrite(args.ApplicationMessage.Payload.ToArray()))
            {
                // Connecting anew fetches the whole twin, which holds all that would be lost here.
                _link.End($"More than {MaxWaitingPatches} desired patches are waiting.");
            }
        }
        else if (MqttTopics.TryParseMethodRequest(topic, out string? method, out requestId))
        {
            _ = _methods.AnswerAsync(new HubMethodRequest(method, args.ApplicationMessage.Payload.ToArray()), requestId);
        }
        else if (_messages is not null && MqttTopics.TryParseDeviceBound(topic, out _, out IReadOnlyDictionary<string, string?>? properties))
        {
            _messages.Take(args, properties);
        }
        else
        {
            UnknownTopic(topic);
        }

        return Task.CompletedTask;
    }

    private async Task DeliverPatchesAsync()
    {
        await foreach (ReadOnlyMemory<byte> patch in _patches.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (!_link.Ended.IsCompleted)
            {
                _listener.OnDesired(patch);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on the unknown topic '{Topic}' was dropped.")]
    private partial void UnknownTopic(string topic);
}
