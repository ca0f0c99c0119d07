using System.Security.Cryptography.X509Certificates;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Devices;

/// <summary>Decides whether a link is the device's that it says it is, by the way of authentication that the device is registered with.</summary>
internal sealed class DeviceAuthenticator(HubTokens tokens, CertificateAuthorities authorities, TimeProvider time)
{
    /// <summary>Why the link is refused, for the log alone; none when it is the device's.</summary>
    /// <param name="device">Who the link says it is.</param>
    /// <param name="password">The CONNECT's password.</param>
    /// <param name="shown">The certificate of the TLS handshake.</param>
    /// <param name="expiry">When the token or certificate ends.</param>
    public string? Refuse(DeviceIdentity device, string? password, X509Certificate2? shown, out DateTimeOffset expiry)
    {
        DeviceAuthentication authentication = device.Authentication;
        if (authentication.Type is AuthenticationType.Sas or AuthenticationType.None)
        {
            return tokens.RefuseDevice(device, password, out expiry);
        }

        expiry = default;
        if (!string.IsNullOrEmpty(password))
        {
            return $"The device is registered with '{authentication.TypeName}' and the CONNECT has a password.";
        }

        if (shown is null)
        {
            return $"The device is registered with '{authentication.TypeName}' and the link has no client certificate.";
        }

        var certificate = new ClientCertificate(shown);
        expiry = certificate.Expiry;
        if (authentication.Type == AuthenticationType.SelfSigned)
        {
            return certificate.ThumbprintRefusal(authentication.PrimaryThumbprint, authentication.SecondaryThumbprint, time.GetUtcNow());
        }

        return certificate.CommonName != device.Id
            ? $"The certificate's common name is '{certificate.CommonName}' and not '{device.Id}'."
            : authorities.Refusal(certificate);
    }
}
