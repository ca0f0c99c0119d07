namespace ModularDM.Hosting.Hub;

/// <summary>How a device reaches its hub.</summary>
public enum HubTransport
{
    /// <summary>MQTT first, and MQTT over WebSocket where the network lets only that through.</summary>
    Auto,

    /// <summary>MQTT over TLS, TCP port 8883.</summary>
    Mqtt,

    /// <summary>MQTT over WebSocket, TCP port 443, which proxies and firewalls let through.</summary>
    WebSocket,
}
