using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ModularDM.Hub.Local.Certificates;

/// <summary>The hub's own certificate authority, made at first start, and the server certificate that each start takes from it.</summary>
internal static class HubCertificates
{
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan ServerLife = TimeSpan.FromDays(397);

    public static string AuthorityFile(string folder) => Path.Combine(folder, "ca.pem");

    /// <summary>A certificate for this start; its key is never on disk.</summary>
    public static X509Certificate2 CreateServer(string folder, IEnumerable<string> hostNames, DateTimeOffset now)
    {
        using X509Certificate2 authority = LoadAuthority(folder, now);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ModularDM local hub", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (string name in hostNames.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else if (Uri.CheckHostName(name) == UriHostNameType.Dns)
            {
                names.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        DateTimeOffset end = now + ServerLife;
        using X509Certificate2 signed = request.Create(authority, now.AddDays(-1), end < authority.NotAfter ? end : authority.NotAfter, serial);
        X509Certificate2 server = signed.CopyWithPrivateKey(key);
        if (!OperatingSystem.IsWindows())
        {
            return server;
        }

        // Windows' TLS does not take a key that lives in memory alone.
        using (server)
        {
            return X509CertificateLoader.LoadPkcs12(server.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static X509Certificate2 LoadAuthority(string folder, DateTimeOffset now)
    {
        string certificateFile = AuthorityFile(folder);
        string keyFile = Path.Combine(folder, "ca.key");
        if (!File.Exists(certificateFile) || !File.Exists(keyFile))
        {
            Create(certificateFile, keyFile, now);
        }

        return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
    }

    private static void Create(string certificateFile, string keyFile, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ModularDM local hub CA " + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 authority = request.CreateSelfSigned(now.AddDays(-1), now + AuthorityLife);

        // The key first: a certificate without its key would be made again, and devices would trust the wrong one.
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new StreamWriter(keyFile, options))
        {
            stream.Write(key.ExportPkcs8PrivateKeyPem());
        }

        string partial = certificateFile + ".new";
        File.WriteAllText(partial, authority.ExportCertificatePem() + "\n"); // So that files of several authorities can be put end to end.
        File.Move(partial, certificateFile, overwrite: true);
    }
}
