using ModularDM.Configurator.Platform;

namespace ModularDM.Configurator.State;

/// <summary>
/// A small file that is either the old one or the new one. The generation before is kept, so that a file damaged by the medium costs one change, not all.
/// </summary>
internal sealed class AtomicFile(string path)
{
    private readonly string _previous = path + ".previous";
    private readonly string _next = path + ".next";

    public string Path { get; } = path;

    /// <summary>The contents of each generation there is, the newest first.</summary>
    public IEnumerable<byte[]> ReadGenerations()
    {
        foreach (string candidate in (string[])[Path, _previous])
        {
            if (File.Exists(candidate))
            {
                yield return File.ReadAllBytes(candidate);
            }
        }
    }

    public void Write(ReadOnlySpan<byte> contents)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(_next, options))
        {
            stream.Write(contents);
            stream.Flush(flushToDisk: true);
        }

        if (File.Exists(Path))
        {
            File.Move(Path, _previous, overwrite: true);
        }

        File.Move(_next, Path, overwrite: true);
        Posix.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
    }
}
