using System.Diagnostics.CodeAnalysis;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>Finds the device's connection string and makes its tokens. Messages name the key, never a value.</summary>
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
            { ModuleId: not null } => $"{source}: it belongs to a module; the connection string of a device is needed.",
            { UseX509: true } => $"{source}: x509=true is not supported; SharedAccessKey or SharedAccessSignature is needed.",
            _ => null,
        };
        identity = error is null ? parsed : null;
        return error is null;
    }

    /// <summary>The password for a CONNECT now, and when it ends.</summary>
    public static (string Token, DateTimeOffset? Expiry) TokenFor(HubConnectionString identity, DateTimeOffset now, TimeSpan lifetime)
    {
        if (identity.SharedAccessKey is { } key)
        {
            DateTimeOffset expiry = now + lifetime;
            return (SasToken.Create(SasToken.DeviceResource(identity.HostName, identity.DeviceId!), key, expiry, identity.SharedAccessKeyName), expiry);
        }

        // A token made elsewhere cannot be renewed here; the hub ends the connection when it runs out.
        return (identity.SharedAccessSignature!, null);
    }

    private static bool TryFind(HubOptions options, [NotNullWhen(true)] out string? text, out string source, [NotNullWhen(false)] out string? error)
    {
        error = null;
        text = null;
        string? path = options.ConnectionStringFile;
        source = "Hub:ConnectionStringFile";
        if (string.IsNullOrWhiteSpace(path))
        {
            source = "Hub:ConnectionString";
            if (!string.IsNullOrWhiteSpace(options.ConnectionString))
            {
                text = options.ConnectionString;
                return true;
            }

            path = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder ? Path.Combine(folder, SystemdCredential) : null;
            source = $"The systemd credential {SystemdCredential}";
            if (!File.Exists(path))
            {
                error = "Hub:ConnectionString or Hub:ConnectionStringFile is required.";
                return false;
            }
        }

        try
        {
            text = File.ReadAllText(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = $"{source} '{path}' cannot be read: {e.Message}";
            return false;
        }
    }
}
