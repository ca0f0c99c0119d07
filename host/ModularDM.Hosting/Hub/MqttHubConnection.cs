using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Telemetry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>The device's connection to IoT Hub, or to anything that speaks its MQTT protocol. One task connects, serves and connects again.</summary>
internal sealed partial class MqttHubConnection(IOptions<HubOptions> options, IHubIdentitySource source, TimeProvider clock, ILogger<MqttHubConnection> logger) : IHubConnection
{
    // A connection that the hub ends sooner counts as a failure, so that two devices with one identity do not chase each other at full speed.
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(10);

    private readonly HubOptions _options = options.Value;
    private readonly HubRetry _retry = new(Random.Shared.NextDouble);
    private readonly TransportChoice _transport = new(options.Value);
    private readonly CloudMessageHandler _messages = new();
    private volatile MqttHubSession? _session;
    private volatile TaskCompletionSource? _renewal;
    private bool _connectedBefore;

    public string HubHostName => source.Scope;

    public string DeviceId => source.Name;

    public bool IsConnected => _session is not null;

    private TimeSpan Lifetime => TimeSpan.FromMinutes(_options.TokenLifetimeMinutes);

    public async Task RunAsync(IHubListener listener, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watching = source.WatchAsync(over.Token);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                TimeSpan wait = await ServeOnceAsync(listener, cancellationToken);
                await Task.Delay(wait, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            Renewed();
            await over.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<HubTwin> GetTwinAsync(CancellationToken cancellationToken)
    {
        const string what = "Get twin";
        TwinAnswer answer = await AskAsync(what, requests => requests.AskAsync(what, MqttTopics.TwinGet, default, cancellationToken), cancellationToken);
        return answer.Status == 200 ? HubTwin.Parse(answer.Body) : throw Refused(what, answer);
    }

    public async Task<long> ReportAsync(ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
    {
        const string what = "Report";
        TwinAnswer answer = await AskAsync(what, requests => requests.AskAsync(what, MqttTopics.ReportedPatch, mergePatch, cancellationToken), cancellationToken);
        return answer.Status is >= 200 and < 300 ? answer.Version ?? 0 : throw Refused(what, answer);
    }

    public async Task SendMessageAsync(DeviceMessage message, CancellationToken cancellationToken) => await AskAsync(
        "Send message",
        async requests =>
        {
            await requests.SendAsync(message, cancellationToken);
            return true;
        },
        cancellationToken);

    public IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler) => _messages.Set(handler);

    private static HubException Refused(string what, TwinAnswer answer) => HubException.FromStatus(what, answer.Status, Encoding.UTF8.GetString(answer.Body.Span));

    private async Task<T> AskAsync<T>(string what, Func<HubRequests, Task<T>> request, CancellationToken cancellationToken)
    {
        MqttHubSession session = await EnterAsync(what, cancellationToken);
        try
        {
            return await request(session.Requests);
        }
        finally
        {
            session.Leave();
        }
    }

    /// <summary>The connection, begun to be used; during a planned renewal the next one is waited for.</summary>
    private async ValueTask<MqttHubSession> EnterAsync(string what, CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(_options.RequestTimeoutSeconds);
        while (true)
        {
            MqttHubSession? session = _session;
            if (session?.TryEnter() == true)
            {
                return session;
            }

            if (_renewal is { } renewal)
            {
                try
                {
                    await renewal.Task.WaitAsync(limit, clock, cancellationToken);
                }
                catch (TimeoutException)
                {
                    throw HubException.NotConnected(what);
                }
            }
            else if (_session == session)
            {
                throw HubException.NotConnected(what);
            }
        }
    }

    /// <summary>Connects and serves until the end.</summary>
    /// <returns>How long to wait before the next time.</returns>
    private async Task<TimeSpan> ServeOnceAsync(IHubListener listener, CancellationToken cancellationToken)
    {
        HubIdentity identity;
        try
        {
            identity = await source.GetAsync(cancellationToken);
        }
        catch (HubException e)
        {
            return NoIdentity(e);
        }

        (string? token, DateTimeOffset? expiry) = identity.TokenFor(clock.GetUtcNow(), Lifetime);
        MqttDial dial = identity.Dial(_transport.Current, _options, token);
        await using var session = new MqttHubSession(_options, identity, dial, listener, _messages, clock, logger, cancellationToken);
        long started = clock.GetTimestamp();
        try
        {
            await session.ConnectAsync(_transport.Limit(identity.Connection.GetMqttEndpoint(), TimeSpan.FromSeconds(_options.RequestTimeoutSeconds)));
        }
        catch (HubException e)
        {
            return Failed(e, identity, dial);
        }

        Begin(session, identity, dial);
        bool isRenewed = expiry is not null || _transport.IsFallback;
        string? reason;
        try
        {
            reason = await session.ServeAsync(isRenewed ? Lifetime * 0.85 : Timeout.InfiniteTimeSpan, Lifetime * 0.1, () => _renewal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        finally
        {
            _session = null;
        }

        if (reason is null)
        {
            _transport.Renewing();
            listener.OnDisconnected(cancellationToken.IsCancellationRequested ? "The runtime is stopping." : "The connection is being renewed.");
            _retry.Reset();
            return TimeSpan.Zero;
        }

        listener.OnDisconnected(reason);
        if (clock.GetElapsedTime(started) >= s_stable)
        {
            _retry.Reset();
        }

        TimeSpan wait = _retry.Next(HubFailure.NotConnected);
        Lost(identity.HostName, identity.ClientId, reason, wait.TotalSeconds);
        return wait;
    }

    private void Begin(MqttHubSession session, HubIdentity identity, MqttDial dial)
    {
        if (_connectedBefore)
        {
            HostTelemetry.Reconnects.Add(1);
        }

        _connectedBefore = true;
        source.Connected();
        Connected(identity.HostName, identity.ClientId, dial.Transport);
        _session = session;
        Renewed();
    }

    private TimeSpan NoIdentity(HubException failure)
    {
        Renewed();
        TimeSpan wait = _retry.Next(failure.Failure);
        wait = failure.RetryAfter > wait ? failure.RetryAfter.Value : wait;
        if (failure.IsTransient)
        {
            ProvisioningFailed(failure, DeviceId, failure.Message, wait.TotalSeconds);
        }
        else
        {
            NotProvisioned(failure, DeviceId, failure.Message, wait.TotalSeconds);
        }

        return wait;
    }

    private TimeSpan Failed(HubException failure, HubIdentity identity, MqttDial dial)
    {
        Renewed();
        _transport.Failed(identity.Connection.GetMqttEndpoint(), failure.Failure);
        source.Failed(failure.Failure);
        TimeSpan wait = _retry.Next(failure.Failure);
        if (failure.Failure == HubFailure.Unauthorized)
        {
            Unauthorized(failure, identity.ClientId, identity.HostName, failure.Message, wait.TotalSeconds);
        }
        else
        {
            ConnectFailed(failure, identity.HostName, identity.ClientId, dial.Transport, failure.Message, wait.TotalSeconds);
        }

        return wait;
    }

    /// <summary>The planned renewal is over, well or not; who waited for it looks again.</summary>
    private void Renewed()
    {
        TaskCompletionSource? renewal = _renewal;
        _renewal = null;
        renewal?.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to {Hub} as {DeviceId} ({Transport}).")]
    private partial void Connected(string hub, string deviceId, HubTransport transport);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to {Hub} as {DeviceId} ended: {Reason} Next try in {Seconds:0.0} s.")]
    private partial void Lost(string hub, string deviceId, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection to {Hub} as {DeviceId} ({Transport}): {Reason} Next try in {Seconds:0.0} s.")]
    private partial void ConnectFailed(Exception exception, string hub, string deviceId, HubTransport transport, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {DeviceId} is not accepted by {Hub}: {Reason} Check the key or certificate and the device's entry at the hub. Next try in {Seconds:0} s.")]
    private partial void Unauthorized(Exception exception, string deviceId, string hub, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{DeviceId} could not ask for its hub: {Reason} Next try in {Seconds:0} s.")]
    private partial void ProvisioningFailed(Exception exception, string deviceId, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "{DeviceId} does not know its hub: {Reason} Next try in {Seconds:0} s.")]
    private partial void NotProvisioned(Exception exception, string deviceId, string reason, double seconds);
}
