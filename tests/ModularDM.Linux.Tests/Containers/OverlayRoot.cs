namespace ModularDM.Linux.Tests.Containers;

/// <summary>This machine's own root file system, with all changes kept in memory and dropped at the end.</summary>
internal sealed class OverlayRoot : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private bool _tmpfs;
    private bool _overlay;

    private OverlayRoot(string folder) => Folder = folder;

    public string Folder { get; }

    public string Root => Path.Combine(Folder, "root");

    /// <summary>A folder outside of the overlay, to be bound into the container.</summary>
    public string Share => Path.Combine(Folder, "share");

    /// <exception cref="MountRefusedException">This machine does not let us mount.</exception>
    public static async Task<OverlayRoot> MountAsync()
    {
        var overlay = new OverlayRoot(Directory.CreateTempSubdirectory("mdm-linux-").FullName);
        try
        {
            await overlay.MountAsync("tmpfs", overlay.Folder, "size=1g,mode=0755");
            overlay._tmpfs = true;
            foreach (string name in (string[])["upper", "work", "root", "share"])
            {
                Directory.CreateDirectory(Path.Combine(overlay.Folder, name));
            }

            await overlay.MountAsync("overlay", overlay.Root, $"lowerdir=/,upperdir={overlay.Folder}/upper,workdir={overlay.Folder}/work");
            overlay._overlay = true;
            return overlay;
        }
        catch
        {
            await overlay.DisposeAsync();
            throw;
        }
    }

    public void Write(string path, string text)
    {
        string full = Path.Combine(Root, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public async ValueTask DisposeAsync()
    {
        if (_overlay)
        {
            await UnmountAsync(Root);
            _overlay = false;
        }

        if (_tmpfs)
        {
            await UnmountAsync(Folder);
            _tmpfs = false;
        }

        if (Directory.Exists(Folder))
        {
            // Not recursive: were something still mounted here, this machine's own files would be below.
            Directory.Delete(Folder);
        }
    }

    private static async Task UnmountAsync(string path)
    {
        CommandResult result = await Command.RunAsync(s_limit, "umount", path);
        if (result.ExitCode != 0)
        {
            _ = (await Command.RunAsync(s_limit, "umount", "--lazy", path)).Text;
        }
    }

    private async Task MountAsync(string type, string target, string options)
    {
        CommandResult result = await Command.RunAsync(s_limit, "mount", "-t", type, type, "-o", options, target);
        if (result.ExitCode != 0)
        {
            throw new MountRefusedException($"mounting {type} was refused: {result.Error.Trim()}");
        }
    }
}

internal sealed class MountRefusedException(string message) : Exception(message);
