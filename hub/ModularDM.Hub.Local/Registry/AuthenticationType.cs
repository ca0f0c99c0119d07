namespace ModularDM.Hub.Local.Registry;

/// <summary>How a device or module proves who it is. The numbers are those on disk.</summary>
internal enum AuthenticationType
{
    /// <summary>A token signed with one of its own two keys, or with a policy's.</summary>
    Sas = 0,

    /// <summary>A client certificate with one of two thumbprints.</summary>
    SelfSigned = 1,

    /// <summary>A client certificate with its id as common name, from an authority that is registered with the hub.</summary>
    CertificateAuthority = 2,

    /// <summary>Nothing of its own: a policy's token alone.</summary>
    None = 3,
}
