using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace ModularDM.Hosting.Hub.Provisioning;

/// <summary>The device's key: given, or derived from the key of its group (IoT Hub wire specification, 14.2). The hub that is assigned knows the device by the same key.</summary>
internal static class ProvisioningKey
{
    /// <summary>Reads it.</summary>
    /// <param name="options">Where to look.</param>
    /// <param name="hub">Where the certificate would be.</param>
    /// <param name="registrationId">Whose key.</param>
    /// <param name="key">Base64; null when the certificate stands in for it.</param>
    /// <param name="error">What is wrong, without any value.</param>
    public static bool TryRead(ProvisioningOptions options, HubOptions hub, string registrationId, out string? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!TryFind("Hub:Provisioning:SymmetricKey", options.SymmetricKey, options.SymmetricKeyFile, "provisioning-key", out string? own, out error)
            || !TryFind("Hub:Provisioning:GroupKey", options.GroupKey, options.GroupKeyFile, "provisioning-group-key", out string? group, out error))
        {
            return false;
        }

        int given = (own is null ? 0 : 1) + (group is null ? 0 : 1) + (ClientCertificateFile.IsGiven(hub) ? 1 : 0);
        if (given != 1)
        {
            error = $"Hub:Provisioning needs exactly one of Hub:Provisioning:SymmetricKeyFile, Hub:Provisioning:GroupKeyFile and Hub:CertificateFile; there are {given}.";
            return false;
        }

        key = group is null ? own : Derive(group, registrationId);
        return true;
    }

    /// <summary>The key of one device of a group.</summary>
    public static string Derive(string groupKey, string registrationId) =>
        Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(groupKey), Encoding.UTF8.GetBytes(registrationId)));

    private static bool TryFind(string setting, string? value, string? path, string credential, out string? key, [NotNullWhen(false)] out string? error)
    {
        key = string.IsNullOrWhiteSpace(value) ? null : value.Trim();
        string source = setting;
        error = null;
        if ((key is null || !string.IsNullOrWhiteSpace(path)) && CredentialFile.Find($"{setting}File", path, credential) is { } file)
        {
            source = file.ToString();
            if (!file.TryReadText(out key, out error))
            {
                return false;
            }
        }

        if (key is not null && (key.Length == 0 || !Convert.TryFromBase64String(key, new byte[key.Length], out _)))
        {
            error = $"{source} does not hold a base64 key.";
            return false;
        }

        return true;
    }
}
