using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ModularDM.Hosting.Hub;

/// <summary>Reads the device's certificate with its private key: PEM (the key in the same file or one of its own), or PKCS#12.</summary>
internal static class ClientCertificateFile
{
    private const string CertificateCredential = "hub-certificate";
    private const string KeyCredential = "hub-certificate-key";
    private const string PasswordCredential = "hub-certificate-password";

    /// <summary>Whether a certificate is given at all.</summary>
    public static bool IsGiven(HubOptions options) => Find(options) is not null;

    /// <summary>Reads the certificate; messages name key and path, never what is in them.</summary>
    public static bool TryRead(HubOptions options, [NotNullWhen(true)] out X509Certificate2? certificate, [NotNullWhen(false)] out string? error)
    {
        certificate = null;
        if (Find(options) is not { } file)
        {
            error = "Hub:CertificateFile is required: the device has no key, so it needs a certificate.";
            return false;
        }

        if (!TryReadPassword(options, out string? password, out error) || !file.TryReadBytes(out byte[]? bytes, out error))
        {
            return false;
        }

        try
        {
            certificate = bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0
                ? ReadPem(options, Encoding.UTF8.GetString(bytes), password, out error)
                : X509CertificateLoader.LoadPkcs12(bytes, password);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            error = $"{file} is not a certificate with a key that fits it, or its password is wrong: {e.Message}";
            return false;
        }

        if (certificate is { HasPrivateKey: false })
        {
            certificate.Dispose();
            certificate = null;
            error = $"{file} holds no private key.";
        }

        return certificate is not null && error is null;
    }

    private static CredentialFile? Find(HubOptions options) => CredentialFile.Find("Hub:CertificateFile", options.CertificateFile, CertificateCredential);

    private static X509Certificate2? ReadPem(HubOptions options, string pem, string? password, out string? error)
    {
        error = null;
        string key = pem;
        if (CredentialFile.Find("Hub:CertificateKeyFile", options.CertificateKeyFile, KeyCredential) is { } file)
        {
            if (!file.TryReadText(out string? text, out error))
            {
                return null;
            }

            key = text;
        }

        if (!key.Contains(" PRIVATE KEY-----", StringComparison.Ordinal))
        {
            error = "Hub:CertificateFile and Hub:CertificateKeyFile hold no private key: one of them needs a block BEGIN PRIVATE KEY.";
            return null;
        }

        X509Certificate2 certificate = password is null ? X509Certificate2.CreateFromPem(pem, key) : X509Certificate2.CreateFromEncryptedPem(pem, key, password);
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // Windows' TLS takes no key that lives in memory alone.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static bool TryReadPassword(HubOptions options, out string? password, [NotNullWhen(false)] out string? error)
    {
        password = null;
        error = null;
        return CredentialFile.Find("Hub:CertificatePasswordFile", options.CertificatePasswordFile, PasswordCredential) is not { } file || file.TryReadText(out password, out error);
    }
}
