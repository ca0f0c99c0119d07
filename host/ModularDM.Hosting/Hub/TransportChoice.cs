namespace ModularDM.Hosting.Hub;

/// <summary>
/// Which transport the next connection takes. With <see cref="HubTransport.Auto"/> a network that does not let MQTT through is met by WebSocket, and the other way
/// round; a refusal by the hub changes nothing, since the hub was reached.
/// </summary>
internal sealed class TransportChoice(HubTransport wanted)
{
    /// <summary>Longest that MQTT is waited for while there is something else to try: a firewall often drops packets without a word.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(15);

    /// <summary>MQTT or WebSocket, never Auto.</summary>
    public HubTransport Current { get; private set; } = wanted == HubTransport.WebSocket ? HubTransport.WebSocket : HubTransport.Mqtt;

    /// <summary>True while WebSocket stands in for MQTT.</summary>
    public bool IsFallback => wanted == HubTransport.Auto && Current == HubTransport.WebSocket;

    /// <summary>How long the next connection may take.</summary>
    public TimeSpan Limit(TimeSpan limit) => wanted == HubTransport.Auto && Current == HubTransport.Mqtt && limit > Patience ? Patience : limit;

    /// <summary>A connection could not be made.</summary>
    public void Failed(HubFailure failure)
    {
        if (wanted == HubTransport.Auto && failure is (HubFailure.NotConnected or HubFailure.Timeout))
        {
            Current = Current == HubTransport.Mqtt ? HubTransport.WebSocket : HubTransport.Mqtt;
        }
    }

    /// <summary>A planned end: the network may be another one by now, so MQTT is tried again.</summary>
    public void Renewing() => Current = wanted == HubTransport.WebSocket ? HubTransport.WebSocket : HubTransport.Mqtt;
}
