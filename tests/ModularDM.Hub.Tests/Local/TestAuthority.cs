using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A certificate authority of a test's own, valid in 2026 unless told otherwise.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TestAuthority(string name, TestAuthority? parent = null) => Certificate = Create("CN=" + name, parent?.Certificate, Begin, End, isAuthority: true);

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem();

    /// <summary>A device's certificate, with its key.</summary>
    public X509Certificate2 Issue(string commonName, DateTimeOffset? begin = null, DateTimeOffset? end = null) =>
        Create("CN=\"" + commonName + "\", O=Contoso", Certificate, begin ?? Begin, end ?? End, isAuthority: false);

    /// <summary>A certificate that is its own issuer.</summary>
    public static X509Certificate2 SelfSigned(string commonName, DateTimeOffset? begin = null, DateTimeOffset? end = null) =>
        Create("CN=\"" + commonName + "\"", null, begin ?? Begin, end ?? End, isAuthority: false);

    public void Dispose() => Certificate.Dispose();

    private static X509Certificate2 Create(string subject, X509Certificate2? issuer, DateTimeOffset begin, DateTimeOffset end, bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (issuer is null)
        {
            return request.CreateSelfSigned(begin, end);
        }

        using X509Certificate2 signed = request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), begin, end, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
