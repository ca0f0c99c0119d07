using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>
/// Which transport the next connection takes. With <see cref="HubTransport.Auto"/> a network that does not let MQTT through is met by WebSocket, and the other way
/// round; a refusal by the hub changes nothing, since the hub was reached.
/// </summary>
internal sealed class TransportChoice(HubOptions options)
{
    private const int UsualMqttPort = 8883;
    private const int UsualWebSocketPort = 443;

    // A firewall often drops packets without a word.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    /// <summary>MQTT or WebSocket, never Auto.</summary>
    public HubTransport Current { get; private set; } = First(options);

    /// <summary>True while WebSocket stands in for MQTT.</summary>
    public bool IsFallback => options.Transport == HubTransport.Auto && Current == HubTransport.WebSocket;

    /// <summary>How long the next connection may take: less while there is something else to try.</summary>
    public TimeSpan Limit(HubEndpoint mqtt, TimeSpan limit) => HasOther(mqtt) && Current == HubTransport.Mqtt && limit > s_patience ? s_patience : limit;

    /// <summary>A connection could not be made.</summary>
    /// <param name="mqtt">Where MQTT would be.</param>
    /// <param name="failure">Why.</param>
    public void Failed(HubEndpoint mqtt, HubFailure failure)
    {
        if (HasOther(mqtt) && failure is (HubFailure.NotConnected or HubFailure.Timeout))
        {
            Current = Current == HubTransport.Mqtt ? HubTransport.WebSocket : HubTransport.Mqtt;
        }
    }

    /// <summary>A planned end: the network may be another one by now, so MQTT is tried again.</summary>
    public void Renewing() => Current = First(options);

    private static HubTransport First(HubOptions options) => options.Transport == HubTransport.WebSocket ? HubTransport.WebSocket : HubTransport.Mqtt;

    // Where MQTT has a port of its own the WebSocket has, too, and only Hub:WebSocketPort says which.
    private bool HasOther(HubEndpoint mqtt) => options.Transport == HubTransport.Auto && (mqtt.Port == UsualMqttPort || options.WebSocketPort != UsualWebSocketPort);
}
