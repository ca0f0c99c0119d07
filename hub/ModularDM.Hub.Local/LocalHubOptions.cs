using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Routing;

namespace ModularDM.Hub.Local;

/// <summary>How a <see cref="LocalHub"/> runs.</summary>
public sealed record LocalHubOptions
{
    /// <summary>Where devices connect: MQTT over TLS. 0 takes any free port.</summary>
    public int MqttPort { get; init; } = 8883;

    /// <summary>Where services connect: REST over HTTPS. 0 takes any free port.</summary>
    public int HttpsPort { get; init; } = 8443;

    /// <summary>Where services send messages to devices: AMQP over TLS. 0 takes any free port; none by default, as the WebSocket of <see cref="HttpsPort"/> always takes them too.</summary>
    public int? AmqpPort { get; init; }

    /// <summary>The address to listen on.</summary>
    public string Bind { get; init; } = "127.0.0.1";

    /// <summary>The folder of the database and the certificate authority; made if missing. One hub at a time may use it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The host name in connection strings, which tokens are signed for.</summary>
    public string HubName { get; init; } = "localhost";

    /// <summary>Devices to create if they do not exist.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>How many messages of each device are kept; the oldest go first.</summary>
    public int MessagesPerDevice { get; init; } = 1000;

    /// <summary>Where what happens is sent on to.</summary>
    public IReadOnlyList<HubRoute> Routes { get; init; } = [];

    /// <summary>The clock of token expiry, timeouts and time stamps.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Adds log sinks; without it the hub is silent.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}
