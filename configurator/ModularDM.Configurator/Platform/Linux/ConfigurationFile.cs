using System.Text;

namespace ModularDM.Configurator.Platform.Linux;

/// <summary>A configuration file of the operating system that is ours alone: replaced whole, so that a power cut leaves the old one or the new one.</summary>
internal sealed class ConfigurationFile(string path)
{
    private const int MaxBytes = 64 * 1024;

    // A leading dot and a foreign ending: systemd reads neither as a unit nor as a drop-in.
    private readonly string _next = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, $".{System.IO.Path.GetFileName(path)}.next");

    public string Path { get; } = path;

    /// <summary>The file's text; null when it does not exist.</summary>
    public string? Read()
    {
        try
        {
            using FileStream stream = File.OpenRead(Path);
            if (stream.Length > MaxBytes)
            {
                throw new IOException($"'{Path}' has {stream.Length} bytes; {MaxBytes} are read.");
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file, durably.</summary>
    public void Write(string text)
    {
        string folder = System.IO.Path.GetDirectoryName(Path)!;
        Directory.CreateDirectory(folder);
        File.Delete(_next);
        // CreateNew: what a stranger may have put at this name is not written through.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        }

        using (var stream = new FileStream(_next, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(_next, Path, overwrite: true);
        Posix.SyncDirectory(folder);
    }

    public void Delete()
    {
        if (File.Exists(Path))
        {
            File.Delete(Path);
            Posix.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
        }
    }
}
