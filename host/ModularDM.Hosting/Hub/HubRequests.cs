using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>What a device asks of its hub on one connection: twin requests and messages, each with a limit of its own.</summary>
internal sealed class HubRequests
{
    private readonly MqttLink _link;
    private readonly string _clientId;
    private readonly TimeProvider _clock;
    private readonly MqttRequests<TwinAnswer> _twin;

    public HubRequests(MqttLink link, string clientId, TimeProvider clock)
    {
        _link = link;
        _clientId = clientId;
        _clock = clock;
        _twin = new MqttRequests<TwinAnswer>(link, clock);
    }

    /// <summary>Takes an answer; one that comes late or twice is dropped.</summary>
    public void Complete(string requestId, TwinAnswer answer) => _twin.Complete(requestId, answer);

    /// <summary>Sends a twin request and waits for its answer.</summary>
    /// <exception cref="HubException">Not connected any more, or out of time.</exception>
    public Task<TwinAnswer> AskAsync(string what, Func<string, string> topic, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        _twin.AskAsync(what, topic, body, MqttQualityOfServiceLevel.AtMostOnce, cancellationToken);

    /// <summary>Sends a message; done when the hub acknowledged it.</summary>
    /// <exception cref="HubException">Not connected any more, or out of time; then the connection is made anew.</exception>
    public async Task SendAsync(DeviceMessage message, CancellationToken cancellationToken)
    {
        const string what = "Send message";
        IEnumerable<KeyValuePair<string, string?>> properties =
        [
            .. message.Properties.Select(property => KeyValuePair.Create(property.Key, (string?)property.Value)),
            new(PropertyBag.SystemNames.ContentType, message.ContentType),
            new(PropertyBag.SystemNames.ContentEncoding, message.ContentEncoding),
        ];
        using var limit = new CancellationTokenSource(_link.Limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _link.PublishAsync(what, MqttTopics.Telemetry(_clientId, properties), message.Body, MqttQualityOfServiceLevel.AtLeastOnce, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _link.End("The hub did not acknowledge a message.");
            throw HubException.Timeout(what, _link.Limit);
        }
    }
}
