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

    /// <summary>
    /// The device's certificate, where the connection string says <c>x509=true</c> or the provisioning service knows the device by it: PEM or PKCS#12. Read again for
    /// every connection, so that a new one needs no restart.
    /// </summary>
    /// <value>Default: none; then the systemd credential <c>hub-certificate</c>, if it is there.</value>
    public string? CertificateFile { get; set; }

    /// <summary>The private key of a PEM certificate, where it is not in the same file.</summary>
    /// <value>Default: none; then the systemd credential <c>hub-certificate-key</c>, if it is there.</value>
    public string? CertificateKeyFile { get; set; }

    /// <summary>A file that holds the password of the key or of the PKCS#12 file.</summary>
    /// <value>Default: none; then the systemd credential <c>hub-certificate-password</c>, if it is there.</value>
    public string? CertificatePasswordFile { get; set; }

    /// <summary>MQTT over TLS, over WebSocket, or whatever the network lets through.</summary>
    /// <value>Default: <see cref="HubTransport.Auto"/>.</value>
    public HubTransport Transport { get; set; } = HubTransport.Auto;

    /// <summary>The port of the hub's and the provisioning service's WebSocket.</summary>
    /// <value>Default: 443. From 1 to 65535.</value>
    [SettingRange("Hub:WebSocketPort", 1, 65_535)]
    public int WebSocketPort { get; set; } = 443;

    /// <summary>The HTTP proxy to the WebSocket, as <c>http://proxy.example.com:3128</c>.</summary>
    /// <value>Default: none; then the environment's (<c>https_proxy</c>, <c>no_proxy</c>).</value>
    public string? Proxy { get; set; }

    /// <summary>A file that holds <c>user:password</c> for <see cref="Proxy"/>.</summary>
    /// <value>Default: none; then the systemd credential <c>hub-proxy-credentials</c>, if it is there.</value>
    public string? ProxyCredentialsFile { get; set; }

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

    /// <summary>Minutes that a token holds. At 85 % of them the device connects anew with a fresh one, and from WebSocket back to MQTT.</summary>
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
