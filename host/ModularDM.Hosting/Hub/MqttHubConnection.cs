using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Telemetry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>The device's connection to IoT Hub, or to anything that speaks its MQTT protocol. One task connects, serves and connects again.</summary>
internal sealed partial class MqttHubConnection : IHubConnection
{
    // A connection that the hub ends sooner counts as a failure, so that two devices with one identity do not chase each other at full speed.
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(10);

    private readonly HubOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<MqttHubConnection> _logger;
    private readonly HubRetry _retry;
    private HubConnectionString _identity;
    private volatile MqttHubSession? _session;
    private bool _connectedBefore;

    public MqttHubConnection(IOptions<HubOptions> options, TimeProvider clock, ILogger<MqttHubConnection> logger)
    {
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _retry = new HubRetry(Random.Shared.NextDouble);
        _identity = HubCredentials.TryRead(_options, out HubConnectionString? identity, out string? error)
            ? identity
            : throw new OptionsValidationException(HubOptions.SectionName, typeof(HubOptions), [error]);
    }

    public string HubHostName => _identity.HostName;

    public string DeviceId => _identity.DeviceId!;

    public bool IsConnected => _session is not null;

    public async Task RunAsync(IHubListener listener, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                TimeSpan wait = await ServeOnceAsync(listener, cancellationToken);
                await Task.Delay(wait, _clock, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    public async Task<HubTwin> GetTwinAsync(CancellationToken cancellationToken)
    {
        const string what = "Get twin";
        TwinAnswer answer = await Session(what).RequestAsync(what, MqttTopics.TwinGet, default, cancellationToken);
        return answer.Status == 200 ? HubTwin.Parse(answer.Body) : throw Refused(what, answer);
    }

    public async Task<long> ReportAsync(ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
    {
        const string what = "Report";
        TwinAnswer answer = await Session(what).RequestAsync(what, MqttTopics.ReportedPatch, mergePatch, cancellationToken);
        return answer.Status is >= 200 and < 300 ? answer.Version ?? 0 : throw Refused(what, answer);
    }

    public Task SendMessageAsync(DeviceMessage message, CancellationToken cancellationToken) => Session("Send message").SendAsync(message, cancellationToken);

    private static HubException Refused(string what, TwinAnswer answer) => HubException.FromStatus(what, answer.Status, Encoding.UTF8.GetString(answer.Body.Span));

    private MqttHubSession Session(string what) => _session ?? throw HubException.NotConnected(what);

    /// <summary>Connects and serves until the end.</summary>
    /// <returns>How long to wait before the next time.</returns>
    private async Task<TimeSpan> ServeOnceAsync(IHubListener listener, CancellationToken cancellationToken)
    {
        await using var session = new MqttHubSession(_options, DeviceId, listener, _clock, _logger, cancellationToken);
        var lifetime = TimeSpan.FromMinutes(_options.TokenLifetimeMinutes);
        (string token, DateTimeOffset? expiry) = HubCredentials.TokenFor(_identity, _clock.GetUtcNow(), lifetime);
        long started = _clock.GetTimestamp();
        try
        {
            await session.ConnectAsync(_identity, token);
        }
        catch (HubException e)
        {
            return Failed(e);
        }

        if (_connectedBefore)
        {
            HostTelemetry.Reconnects.Add(1);
        }

        _connectedBefore = true;
        Connected(HubHostName, DeviceId);
        _session = session;
        string? reason;
        try
        {
            reason = await session.ServeAsync(expiry is null ? Timeout.InfiniteTimeSpan : lifetime * 0.85);
        }
        finally
        {
            _session = null;
        }

        if (reason is null)
        {
            listener.OnDisconnected(cancellationToken.IsCancellationRequested ? "The runtime is stopping." : "The token is being renewed.");
            _retry.Reset();
            return TimeSpan.Zero;
        }

        listener.OnDisconnected(reason);
        if (_clock.GetElapsedTime(started) >= s_stable)
        {
            _retry.Reset();
        }

        TimeSpan wait = _retry.Next(HubFailure.NotConnected);
        Lost(HubHostName, DeviceId, reason, wait.TotalSeconds);
        return wait;
    }

    private TimeSpan Failed(HubException failure)
    {
        TimeSpan wait = _retry.Next(failure.Failure);
        if (failure.Failure == HubFailure.Unauthorized)
        {
            Unauthorized(failure, DeviceId, HubHostName, failure.Message, wait.TotalSeconds);
            ReadKeyAgain();
        }
        else
        {
            ConnectFailed(failure, HubHostName, DeviceId, failure.Message, wait.TotalSeconds);
        }

        return wait;
    }

    private void ReadKeyAgain()
    {
        if (!HubCredentials.TryRead(_options, out HubConnectionString? fresh, out string? error))
        {
            KeyNotReadable(error);
        }
        else if (fresh.DeviceId == _identity.DeviceId && fresh.HostName == _identity.HostName)
        {
            _identity = fresh;
        }
        else
        {
            OtherIdentity(DeviceId, HubHostName);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to {Hub} as {DeviceId}.")]
    private partial void Connected(string hub, string deviceId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to {Hub} as {DeviceId} ended: {Reason} Next try in {Seconds:0.0} s.")]
    private partial void Lost(string hub, string deviceId, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection to {Hub} as {DeviceId}: {Reason} Next try in {Seconds:0.0} s.")]
    private partial void ConnectFailed(Exception exception, string hub, string deviceId, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {DeviceId} is not accepted by {Hub}: {Reason} Check Hub:ConnectionString and the device's entry at the hub. Next try in {Seconds:0} s.")]
    private partial void Unauthorized(Exception exception, string deviceId, string hub, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The connection string cannot be read again: {Reason}")]
    private partial void KeyNotReadable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The connection string now names another device or hub than {DeviceId} at {Hub}; that needs a restart.")]
    private partial void OtherIdentity(string deviceId, string hub);
}
