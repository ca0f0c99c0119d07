using System.ComponentModel.DataAnnotations;

namespace ModularDM.Hosting.Hub;

/// <summary>Which hub, as which device, and how patiently. Section <c>Hub</c>.</summary>
public sealed class HubOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Hub";

    /// <summary>The device's connection string; a secret, so better given by one of the other ways.</summary>
    /// <value>
    /// Default: none. <see cref="ConnectionStringFile"/> comes first, then this one (in the environment <c>Hub__ConnectionString</c>), then the systemd credential
    /// <c>hub-connection-string</c>.
    /// </value>
    public string? ConnectionString { get; set; }

    /// <summary>A file whose text is the connection string. Read again when the hub refuses the device, so that a new key needs no restart.</summary>
    /// <value>Default: none.</value>
    public string? ConnectionStringFile { get; set; }

    /// <summary>A PEM file of certificate authorities that are trusted besides the system's, for a hub with a certificate of its own.</summary>
    /// <value>Default: none.</value>
    public string? CaFile { get; set; }

    /// <summary>The MQTT keep-alive in seconds. A silent loss of the link is noticed within 1.5 times this.</summary>
    /// <value>Default: 60. From 4 to 1177, the hub's own limit.</value>
    [SettingRange("Hub:KeepAliveSeconds", 4, 1177)]
    public int KeepAliveSeconds { get; set; } = 60;

    /// <summary>Seconds that the hub may take to answer one request.</summary>
    /// <value>Default: 60. From 1 to 600.</value>
    [SettingRange("Hub:RequestTimeoutSeconds", 1, 600)]
    public int RequestTimeoutSeconds { get; set; } = 60;

    /// <summary>Minutes that a token holds. At 85 % of them the device connects anew with a fresh one.</summary>
    /// <value>Default: 60. From 5 to 1440.</value>
    [SettingRange("Hub:TokenLifetimeMinutes", 5, 1440)]
    public int TokenLifetimeMinutes { get; set; } = 60;

    /// <summary>Device-to-cloud messages that wait for the hub. One more while the device is offline drops the oldest.</summary>
    /// <value>Default: 100. From 1 to 10000.</value>
    [SettingRange("Hub:MaxQueuedMessages", 1, 10_000)]
    public int MaxQueuedMessages { get; set; } = 100;

    /// <summary>Direct methods that may run at a time. One more is answered 429.</summary>
    /// <value>Default: 32. From 1 to 1000.</value>
    [SettingRange("Hub:MaxMethodsInFlight", 1, 1000)]
    public int MaxMethodsInFlight { get; set; } = 32;
}
