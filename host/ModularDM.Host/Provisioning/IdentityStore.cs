namespace ModularDM.Host.Provisioning;

/// <summary>Where an installed device keeps who it is: <c>hub.json</c> beside the configuration file, and <c>secrets/</c> beside both.</summary>
/// <remarks>
/// The package makes the folder root's, with the host's group, which new files inherit (the set-group-id bit): the host may read its secret, but not change it. A folder
/// made here is for the one who runs this alone.
/// </remarks>
internal sealed class IdentityStore(string configurationFile) : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private string? _staged;

    public string SettingsFile { get; } = DeviceHost.IdentityFile(configurationFile);

    private string Folder => Path.Combine(Path.GetDirectoryName(SettingsFile)!, "secrets");

    /// <summary>Writes the secret where nobody looks for it yet.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public string Stage(DeviceIdentity identity)
    {
        MakeFolder();
        _staged = Path.Combine(Folder, $".{identity.SecretName}.{Environment.ProcessId}");
        File.Delete(_staged);
        Write(_staged, identity.Secret, OwnerOnly);
        return _staged;
    }

    /// <summary>Puts the staged secret and the settings in force, each whole, and removes a secret that is not used any more.</summary>
    public void Commit(DeviceIdentity identity)
    {
        string secret = Path.Combine(Folder, identity.SecretName);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(Folder).HasFlag(UnixFileMode.SetGroup))
        {
            File.SetUnixFileMode(_staged!, OwnerOnly | UnixFileMode.GroupRead);
        }

        File.Move(_staged!, secret, overwrite: true);
        _staged = null;
        string next = SettingsFile + ".next";
        File.Delete(next);
        Write(next, identity.ToJson(secret) + Environment.NewLine, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(next, SettingsFile, overwrite: true);
        foreach (string other in DeviceIdentity.SecretNames.Where(name => name != identity.SecretName))
        {
            File.Delete(Path.Combine(Folder, other));
        }
    }

    /// <summary>Removes what was staged and not committed.</summary>
    public void Dispose()
    {
        if (_staged is not null)
        {
            File.Delete(_staged);
        }
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Folder);
        }
        else if (!Directory.Exists(Folder))
        {
            Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
