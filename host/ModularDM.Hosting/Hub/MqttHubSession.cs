using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>One MQTT connection to the hub, from CONNECT to its end. It is never used again after that.</summary>
/// <remarks>The MQTT library delivers one message at a time, so everything that arrives is handed on at once: answers, patches and methods never wait for each other.</remarks>
internal sealed partial class MqttHubSession : IAsyncDisposable
{
    private const int MaxWaitingPatches = 1000;
    private const int MaxMethodBytes = 128 * 1024;
    private static readonly TimeSpan s_longestPing = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(1);

    private readonly HubOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly IHubListener _listener;
    private readonly CancellationToken _stopping;
    private readonly string _deviceId;
    private readonly TimeSpan _limit;
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly TwinRequests _requests = new();
    private readonly InFlight _underWay = new();
    private readonly SemaphoreSlim _methodSlots;
    private readonly Channel<ReadOnlyMemory<byte>> _patches = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        // The listener returns at once, so it may be told on the thread that received: one change of threads less in every patch.
        new BoundedChannelOptions(MaxWaitingPatches) { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastReceived;

    public MqttHubSession(HubOptions options, string deviceId, IHubListener listener, TimeProvider clock, ILogger logger, CancellationToken stopping)
    {
        _options = options;
        _deviceId = deviceId;
        _listener = listener;
        _clock = clock;
        _logger = logger;
        _stopping = stopping;
        _limit = TimeSpan.FromSeconds(options.RequestTimeoutSeconds);
        _methodSlots = new SemaphoreSlim(options.MaxMethodsInFlight);
        _client.ApplicationMessageReceivedAsync += OnMessageAsync;
        _client.DisconnectedAsync += args =>
        {
            End(args.Exception?.Message is { Length: > 0 } reason ? $"The connection was lost: {reason}" : "The hub closed the connection.");
            return Task.CompletedTask;
        };
    }

    /// <summary>Connects and subscribes.</summary>
    /// <exception cref="HubException">Not reachable, busy (<see cref="HubFailure.Throttled"/>), or not accepted.</exception>
    public async Task ConnectAsync(HubConnectionString identity, string token)
    {
        const string what = "Connect";
        HubEndpoint endpoint = identity.GetMqttEndpoint();
        using var limit = new CancellationTokenSource(_limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping);
        try
        {
            MqttClientConnectResult result = await _client.ConnectAsync(ConnectOptions(identity, endpoint, token), either.Token);
            Check(result.ResultCode);
            MqttClientSubscribeOptions filters = new MqttClientSubscribeOptionsBuilder()
                .WithTopicFilter(MqttTopics.TwinResponseFilter, MqttQualityOfServiceLevel.AtMostOnce)
                .WithTopicFilter(MqttTopics.DesiredFilter, MqttQualityOfServiceLevel.AtLeastOnce)
                .WithTopicFilter(MqttTopics.MethodFilter, MqttQualityOfServiceLevel.AtMostOnce)
                .Build();
            MqttClientSubscribeResult granted = await _client.SubscribeAsync(filters, either.Token);
            if (granted.Items.FirstOrDefault(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is { } refused)
            {
                throw new HubException(HubFailure.Refused, $"{what}: the hub refuses the subscription to '{refused.TopicFilter.Topic}'.");
            }
        }
        catch (Exception e) when (e is not HubException)
        {
            // The library answers a cancellation with an exception of its own.
            _stopping.ThrowIfCancellationRequested();
            throw limit.IsCancellationRequested
                ? HubException.Timeout($"{what} to {endpoint}", _limit)
                : new HubException(HubFailure.NotConnected, $"{what}: the hub at {endpoint} cannot be reached: {Innermost(e)}", e);
        }

        Touch();
    }

    /// <summary>Tells the listener, then hands on what arrives until the connection ends, is renewed or the runtime stops.</summary>
    /// <param name="renewal">When a planned end is due; never, if infinite.</param>
    /// <returns>Why it ended; null when it was planned.</returns>
    public async Task<string?> ServeAsync(TimeSpan renewal)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        Task planned = Task.Delay(renewal, _clock, over.Token);
        Task watching = WatchAsync(over.Token);
        _listener.OnConnected();
        Task patches = DeliverPatchesAsync();
        try
        {
            await Task.WhenAny(_ended.Task, planned, patches, watching);
            bool isPlanned = !_ended.Task.IsCompleted;
            if (isPlanned)
            {
                await _underWay.WaitIdleAsync(_stopping.IsCancellationRequested ? s_goodbye : TimeSpan.FromSeconds(5), _clock, CancellationToken.None);
            }

            End("The connection was ended as planned.");
            return isPlanned ? null : await _ended.Task;
        }
        finally
        {
            _patches.Writer.TryComplete();
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await patches;
        }
    }

    public async Task<TwinAnswer> RequestAsync(string what, Func<string, string> topic, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        (string id, Task<TwinAnswer> answer) = _requests.Open();
        using var limit = new CancellationTokenSource(_limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        _underWay.Enter();
        try
        {
            await PublishAsync(what, topic(id), body, MqttQualityOfServiceLevel.AtMostOnce, either.Token);
            return await answer.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw HubException.Timeout(what, _limit);
        }
        catch (HubException e) when (e.Failure == HubFailure.NotConnected)
        {
            throw HubException.NotConnected(what);
        }
        finally
        {
            _requests.Forget(id);
            _underWay.Leave();
        }
    }

    public async Task SendAsync(DeviceMessage message, CancellationToken cancellationToken)
    {
        const string what = "Send message";
        IEnumerable<KeyValuePair<string, string?>> properties =
        [
            .. message.Properties.Select(property => KeyValuePair.Create(property.Key, (string?)property.Value)),
            new(PropertyBag.SystemNames.ContentType, message.ContentType),
            new(PropertyBag.SystemNames.ContentEncoding, message.ContentEncoding),
        ];
        using var limit = new CancellationTokenSource(_limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        _underWay.Enter();
        try
        {
            await PublishAsync(what, MqttTopics.Telemetry(_deviceId, properties), message.Body, MqttQualityOfServiceLevel.AtLeastOnce, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            End("The hub did not acknowledge a message.");
            throw HubException.Timeout(what, _limit);
        }
        finally
        {
            _underWay.Leave();
        }
    }

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

    private static void Check(MqttClientConnectResultCode code)
    {
        if (code == MqttClientConnectResultCode.Success)
        {
            return;
        }

        (HubFailure failure, string reason) = code switch
        {
            MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy => (HubFailure.Throttled, "the hub is busy"),
            MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized or MqttClientConnectResultCode.ClientIdentifierNotValid =>
                (HubFailure.Unauthorized, "the hub does not accept this device: it is unknown or disabled there, its key is wrong, or the device's clock is off"),
            _ => (HubFailure.Refused, "the hub refuses the connection"),
        };
        throw new HubException(failure, $"Connect: {reason} ({code}).");
    }

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message;
    }

    private static byte[] Words(string message) => Encoding.UTF8.GetBytes($$"""{"message":"{{message}}"}""");

    private MqttClientOptions ConnectOptions(HubConnectionString identity, HubEndpoint endpoint, string token)
    {
        X509Certificate2Collection? authorities = null;
        if (!string.IsNullOrWhiteSpace(_options.CaFile))
        {
            authorities = [];
            authorities.ImportFromPemFile(_options.CaFile);
        }

        string product = $"ModularDM/{typeof(MqttHubSession).Assembly.GetName().Version!.ToString(3)} ({Environment.OSVersion.Platform})";
        var userName = new MqttUserName(identity.HostName, _deviceId, null, MqttUserName.CurrentApiVersion, product, null);
        return new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithTcpServer(endpoint.Host, endpoint.Port)
            .WithTlsOptions(tls => tls
                .UseTls()
                .WithTargetHost(endpoint.Host)
                .WithCertificateValidationHandler(seen => HubTrust.Accepts(seen.Certificate, seen.Chain, seen.SslPolicyErrors, authorities)))
            .WithClientId(_deviceId)
            .WithCredentials(userName.ToString(), token)
            .WithCleanSession(false)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(_options.KeepAliveSeconds))
            .WithTimeout(_limit)
            .Build();
    }

    private Task OnMessageAsync(MqttApplicationMessageReceivedEventArgs args)
    {
        Touch();
        string topic = args.ApplicationMessage.Topic;
        byte[] payload = args.ApplicationMessage.Payload.ToArray();
        if (MqttTopics.TryParseTwinResponse(topic, out int status, out string? requestId, out long? version))
        {
            _requests.Complete(requestId, new TwinAnswer(status, version, payload));
        }
        else if (MqttTopics.TryParseDesiredPatch(topic, out _))
        {
            if (!_patches.Writer.TryWrite(payload))
            {
                // Connecting anew fetches the whole twin, which holds all that would be lost here.
                End($"More than {MaxWaitingPatches} desired patches are waiting.");
            }
        }
        else if (MqttTopics.TryParseMethodRequest(topic, out string? method, out requestId))
        {
            _ = AnswerMethodAsync(new HubMethodRequest(method, payload), requestId);
        }
        else
        {
            UnknownTopic(topic);
        }

        return Task.CompletedTask;
    }

    private async Task AnswerMethodAsync(HubMethodRequest request, string requestId)
    {
        _underWay.Enter();
        try
        {
            HubMethodResponse response = _methodSlots.Wait(0, CancellationToken.None)
                ? await InvokeAsync(request)
                : new HubMethodResponse(429, Words($"{_options.MaxMethodsInFlight} methods are running on this device; try again later."));
            using var limit = new CancellationTokenSource(_limit, _clock);
            await PublishAsync("Answer method", MqttTopics.MethodResponse(response.Status, requestId), response.Payload, MqttQualityOfServiceLevel.AtMostOnce, limit.Token);
        }
        catch (Exception e) when (e is HubException or OperationCanceledException)
        {
            AnswerLost(e, request.Name);
        }
        finally
        {
            _underWay.Leave();
        }
    }

    private async Task<HubMethodResponse> InvokeAsync(HubMethodRequest request)
    {
        try
        {
            HubMethodResponse response = await _listener.OnMethodAsync(request, _stopping);
            if (response.Payload.Length <= MaxMethodBytes)
            {
                return response;
            }

            AnswerTooLarge(request.Name, response.Payload.Length, MaxMethodBytes);
            return new HubMethodResponse(500, Words($"The answer has {response.Payload.Length} bytes; the hub takes {MaxMethodBytes}."));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return new HubMethodResponse(503, Words("The device's runtime is stopping."));
        }
        catch (Exception e)
        {
            // What went wrong is for the device's log; the cloud is told that it did.
            MethodFaulted(e, request.Name);
            return new HubMethodResponse(500, Words("The method failed; the device's log says why."));
        }
        finally
        {
            _methodSlots.Release();
        }
    }

    private async Task DeliverPatchesAsync()
    {
        await foreach (ReadOnlyMemory<byte> patch in _patches.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (!_ended.Task.IsCompleted)
            {
                _listener.OnDesired(patch);
            }
        }
    }

    /// <summary>Notices a link that is dead without a word. The library's own keep-alive does not while anything is being published.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
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

    /// <summary>Publishes; a write under way is never cut off, since half a packet would break the stream: giving up only ends the wait.</summary>
    private async Task PublishAsync(string what, string topic, ReadOnlyMemory<byte> body, MqttQualityOfServiceLevel qos, CancellationToken cancellationToken)
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

    private void Touch() => Volatile.Write(ref _lastReceived, _clock.GetTimestamp());

    private void End(string reason)
    {
        if (_ended.TrySetResult(reason))
        {
            _requests.Close(HubException.NotConnected("Twin request"));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message on the unknown topic '{Topic}' was dropped.")]
    private partial void UnknownTopic(string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer of method {Method} could not be sent; its caller sees a time-out.")]
    private partial void AnswerLost(Exception exception, string method);

    [LoggerMessage(Level = LogLevel.Error, Message = "Method {Method} answered {Bytes} bytes; the hub takes {Limit}.")]
    private partial void AnswerTooLarge(string method, int bytes, int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "Method {Method} failed.")]
    private partial void MethodFaulted(Exception exception, string method);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The disconnect was not sent.")]
    private partial void GoodbyeFailed(Exception exception);
}
