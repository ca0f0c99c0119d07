using System.Diagnostics.CodeAnalysis;

namespace ModularDM.Hosting.Hub;

/// <summary>A file that holds something secret: the one that a setting names, else systemd's credential of a fixed name.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Source">Who named it, for messages.</param>
internal sealed record CredentialFile(string Path, string Source)
{
    /// <summary>Finds it.</summary>
    /// <param name="key">The setting, as <c>Hub:ConnectionStringFile</c>.</param>
    /// <param name="path">The setting's value.</param>
    /// <param name="credential">The name of systemd's credential, looked for when the setting is empty.</param>
    /// <returns>Null when neither is there. A file that a setting names need not exist.</returns>
    public static CredentialFile? Find(string key, string? path, string credential)
    {
        if (!string.IsNullOrWhiteSpace(path))
        {
            return new CredentialFile(path, key);
        }

        string? folder = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        path = string.IsNullOrEmpty(folder) ? null : System.IO.Path.Combine(folder, credential);
        return File.Exists(path) ? new CredentialFile(path, $"The systemd credential {credential}") : null;
    }

    /// <summary>Reads it as text, without the white space around it.</summary>
    public bool TryReadText([NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? error)
    {
        text = null;
        if (!TryReadBytes(out byte[]? bytes, out error))
        {
            return false;
        }

        text = System.Text.Encoding.UTF8.GetString(bytes).Trim();
        return true;
    }

    /// <summary>Reads it as it is.</summary>
    public bool TryReadBytes([NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? error)
    {
        try
        {
            bytes = File.ReadAllBytes(Path);
            error = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bytes = null;
            error = $"{this} cannot be read: {e.Message}";
            return false;
        }
    }

    /// <summary>Source and path, fit for a message.</summary>
    public override string ToString() => $"{Source} '{Path}'";
}
