using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ModularDM.Hub.Local.Certificates;

/// <summary>A certificate that a client showed in its TLS handshake, which has proved that the client holds the key.</summary>
internal sealed class ClientCertificate(X509Certificate2 leaf)
{
    private const string CommonNameOid = "2.5.4.3";

    // What came beside a certificate in the handshake is known only during it, and is wanted when the CONNECT comes.
    private static readonly ConditionalWeakTable<X509Certificate2, byte[][]> Presented = [];

    /// <summary>When it ends.</summary>
    public DateTimeOffset Expiry => leaf.NotAfter;

    /// <summary>The only or most specific common name of its subject.</summary>
    public string? CommonName => leaf.SubjectName.EnumerateRelativeDistinguishedNames(reversed: true)
        .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)
        .Select(part => part.GetSingleElementValue())
        .FirstOrDefault();

    /// <summary>Lets every certificate through the handshake, since who may connect is decided at the CONNECT, and keeps the intermediates that came with it.</summary>
    public static bool Keep(X509Certificate2 certificate, X509Chain? chain)
    {
        if (chain is { ChainPolicy.ExtraStore.Count: > 0 })
        {
            Presented.AddOrUpdate(certificate, [.. chain.ChainPolicy.ExtraStore.Select(c => c.RawData)]);
        }

        return true;
    }

    /// <summary>Why a certificate is not valid at this time; none when it is.</summary>
    public static string? ValidityRefusal(X509Certificate2 certificate, DateTimeOffset now)
    {
        DateTime at = now.LocalDateTime;
        return at < certificate.NotBefore ? $"The certificate is not valid before {certificate.NotBefore.ToUniversalTime():u}."
            : at > certificate.NotAfter ? $"The certificate has expired at {certificate.NotAfter.ToUniversalTime():u}."
            : null;
    }

    /// <summary>Why the certificate is not one of two with these thumbprints; none when it is.</summary>
    public string? ThumbprintRefusal(string? primary, string? secondary, DateTimeOffset now)
    {
        string sha1 = leaf.GetCertHashString(HashAlgorithmName.SHA1);
        string sha256 = leaf.GetCertHashString(HashAlgorithmName.SHA256);
        return new[] { primary, secondary }.Any(expected => expected is not null && (expected == sha1 || expected == sha256))
            ? ValidityRefusal(leaf, now)
            : $"Thumbprint does not match configuration: the certificate's is {sha256} (SHA-256) or {sha1} (SHA-1).";
    }

    /// <summary>Why the certificate does not lead to one of these authorities; none when it does.</summary>
    public string? IssuerRefusal(IEnumerable<X509Certificate2> authorities, DateTimeOffset now)
    {
        X509Certificate2[] trusted = [.. authorities];
        if (trusted.Length == 0)
        {
            return "The hub has no certificate of an authority.";
        }

        X509Certificate2[] presented = Presented.TryGetValue(leaf, out byte[][]? bodies) ? [.. bodies.Select(X509CertificateLoader.LoadCertificate)] : [];
        try
        {
            return IssuerRefusal(trusted, presented, now);
        }
        finally
        {
            foreach (X509Certificate2 certificate in presented)
            {
                certificate.Dispose();
            }
        }
    }

    private string? IssuerRefusal(X509Certificate2[] trusted, X509Certificate2[] presented, DateTimeOffset now)
    {
        using var chain = new X509Chain();

        // A registered authority may itself be an intermediate, so that the chain need not end at a root; it must only pass through what is registered.
        X509ChainPolicy policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(trusted.Where(a => a.Subject == a.Issuer).ToArray());
        policy.ExtraStore.AddRange(trusted);
        policy.ExtraStore.AddRange(presented);
        policy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true; // A stranger's certificate names the address.
        policy.VerificationTime = now.LocalDateTime;
        bool sound = chain.Build(leaf);
        X509Certificate2[] path = [.. chain.ChainElements.Select(e => e.Certificate)];
        try
        {
            if (!sound)
            {
                return "The certificate's chain is not valid: " + string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct()) + ".";
            }

            return path.Skip(1).Any(issuer => trusted.Any(t => t.RawDataMemory.Span.SequenceEqual(issuer.RawDataMemory.Span)))
                ? null
                : "The certificate does not lead to an authority that is registered with the hub.";
        }
        finally
        {
            foreach (X509Certificate2 certificate in path)
            {
                certificate.Dispose();
            }
        }
    }
}
