using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Routing;
using ModularDM.Hub.Local.Throttling;

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

    /// <summary>Where devices ask the provisioning service for their hub: MQTT over TLS. 0 takes any free port; <see langword="null"/> runs no such service.</summary>
    public int? DpsPort { get; init; }

    /// <summary>The address that the provisioning service listens on, for clients that have its port fixed to the same number as the hub's.</summary>
    /// <value>Default: that of <see cref="Bind"/>.</value>
    public string? DpsBind { get; init; }

    /// <summary>The id scope of the provisioning service.</summary>
    public string IdScope { get; init; } = "0ne00000000";

    /// <summary>Other running hubs of this process that the provisioning service may assign devices to, beside its own.</summary>
    public IReadOnlyList<LocalHub> LinkedHubs { get; init; } = [];

    /// <summary>Devices to create if they do not exist.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>
    /// PEM files of authorities to register, each by its file's name without ending: devices of the type certificateAuthority come with certificates of theirs.
    /// </summary>
    public IReadOnlyList<string> CaCertificates { get; init; } = [];

    /// <summary>
    /// Whether the notification of a whole new document of desired properties (a PUT) holds <c>null</c> for what it removed; without, it holds the document
    /// alone. No public source says which of the two IoT Hub does, so that devices should take both.
    /// </summary>
    public bool ReplaceMarksRemoved { get; init; }

    /// <summary>How many messages of each device are kept; the oldest go first.</summary>
    public int MessagesPerDevice { get; init; } = 1000;

    /// <summary>How often configurations look at all twins; they do so too when one of them is made, changed or removed.</summary>
    /// <value>Default: five minutes. From a second to a day.</value>
    public TimeSpan ConfigurationInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many jobs run at one time; the others wait.</summary>
    /// <value>Default: 1. From 1 to 100.</value>
    public int JobsAtOnce { get; init; } = 1;

    /// <summary>How many device operations of all jobs begin in a second.</summary>
    /// <value>Default: 10. At least 1.</value>
    public int JobOperationsPerSecond { get; init; } = 10;

    /// <summary>Where what happens is sent on to.</summary>
    public IReadOnlyList<HubRoute> Routes { get; init; } = [];

    /// <summary>How much the hub takes, such as <see cref="HubThrottle.S1"/>.</summary>
    /// <value>Default: all that comes.</value>
    public HubThrottle? Throttle { get; init; }

    /// <summary>Whether faults may be injected: by <see cref="LocalHub.Faults"/> and by the REST API. Every connection then pays for one more copy of its bytes.</summary>
    /// <value>Default: false.</value>
    public bool AllowFaults { get; init; }

    /// <summary>The clock of token expiry, timeouts and time stamps.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Adds log sinks; without it the hub is silent.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    internal const int LongestConfigurationSeconds = 24 * 60 * 60;

    /// <exception cref="LocalHubStartException">A value is out of its range.</exception>
    internal void Check()
    {
        Require(MessagesPerDevice >= 1, nameof(MessagesPerDevice), "at least 1");
        Require(JobOperationsPerSecond >= 1, nameof(JobOperationsPerSecond), "at least 1");
        Require(JobsAtOnce is >= 1 and <= HubChoices.MaxActiveJobs, nameof(JobsAtOnce), $"from 1 to {HubChoices.MaxActiveJobs}");
        Require(
            ConfigurationInterval >= TimeSpan.FromSeconds(1) && ConfigurationInterval <= TimeSpan.FromSeconds(LongestConfigurationSeconds),
            nameof(ConfigurationInterval),
            "from one second to one day");
    }

    private static void Require(bool holds, string name, string range)
    {
        if (!holds)
        {
            throw LocalHubStartException.BadOption(name, range);
        }
    }
}
