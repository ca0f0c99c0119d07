using System.Diagnostics.CodeAnalysis;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>Finds the device's connection string. Messages name the key, never a value.</summary>
internal static class HubCredentials
{
    private const string SystemdCredential = "hub-connection-string";

    /// <summary>Reads the connection string: file, setting, systemd credential, the first that is there.</summary>
    public static bool TryRead(HubOptions options, [NotNullWhen(true)] out HubConnectionString? identity, [NotNullWhen(false)] out string? error)
    {
        identity = null;
        if (!TryFind(options, out string? text, out string source, out error))
        {
            return false;
        }

        if (!HubConnectionString.TryParse(text.Trim(), out HubConnectionString? parsed, out string? wrong))
        {
            error = $"{source}: {wrong}";
            return false;
        }

        error = parsed switch
        {
            { DeviceId: null } => $"{source}: it belongs to a service; the connection string of a device is needed.",
            { UseX509: true } when !ClientCertificateFile.IsGiven(options) =>
                $"{source}: it says x509=true, so Hub:CertificateFile is required (or the systemd credential hub-certificate).",
            { UseX509: false } when !string.IsNullOrWhiteSpace(options.CertificateFile) =>
                $"{source}: it holds a key, and Hub:CertificateFile is set too; write x509=true in the place of the key, or remove the certificate.",
            _ => null,
        };
        identity = error is null ? parsed : null;
        return error is null;
    }

    private static bool TryFind(HubOptions options, [NotNullWhen(true)] out string? text, out string source, [NotNullWhen(false)] out string? error)
    {
        error = null;
        source = "Hub:ConnectionString";
        text = options.ConnectionString;
        if (string.IsNullOrWhiteSpace(options.ConnectionStringFile) && !string.IsNullOrWhiteSpace(text))
        {
            return true;
        }

        if (CredentialFile.Find("Hub:ConnectionStringFile", options.ConnectionStringFile, SystemdCredential) is { } file)
        {
            source = file.Source;
            return file.TryReadText(out text, out error);
        }

        error = "Hub:ConnectionString or Hub:ConnectionStringFile is required, or Hub:Provisioning:IdScope.";
        return false;
    }
}
