namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>
/// How a device finds its hub by the Device Provisioning Service, in the place of a connection string. It proves itself by exactly one of: a key of its own, the key
/// of its group, or the certificate of <c>Hub:CertificateFile</c>. Section <c>Hub:Provisioning</c>.
/// </summary>
public sealed class ProvisioningOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Hub:Provisioning";

    /// <summary>The id scope of the provisioning service, as <c>0ne00000000</c>. It switches provisioning on.</summary>
    /// <value>Default: none.</value>
    public string? IdScope { get; set; }

    /// <summary>The device's name at the provisioning service.</summary>
    /// <value>Default: none; with a certificate its common name.</value>
    public string? RegistrationId { get; set; }

    /// <summary>The provisioning service: a host with an optional port.</summary>
    /// <value>Default: <c>global.azure-devices-provisioning.net</c>.</value>
    public string Endpoint { get; set; } = "global.azure-devices-provisioning.net";

    /// <summary>The base64 key of the device's own enrolment; a secret, so better given by a file or the environment.</summary>
    /// <value>Default: none.</value>
    public string? SymmetricKey { get; set; }

    /// <summary>A file that holds the key of the device's own enrolment.</summary>
    /// <value>Default: none; then the systemd credential <c>provisioning-key</c>, if it is there.</value>
    public string? SymmetricKeyFile { get; set; }

    /// <summary>The base64 key of the device's group, from which its own is derived; a secret that opens every device of the group.</summary>
    /// <value>Default: none.</value>
    public string? GroupKey { get; set; }

    /// <summary>A file that holds the key of the device's group.</summary>
    /// <value>Default: none; then the systemd credential <c>provisioning-group-key</c>, if it is there.</value>
    public string? GroupKeyFile { get; set; }

    /// <summary>JSON that is handed to the provisioning service's own allocation.</summary>
    /// <value>Default: none.</value>
    public string? Payload { get; set; }
}
