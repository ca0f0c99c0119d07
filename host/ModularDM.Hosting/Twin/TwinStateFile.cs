using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// Keeps <see cref="TwinState"/> on disk, one file for each hub and device. A reader sees the old state or the new one, never a mixture: the file is written
/// beside, flushed and renamed over, and carries a checksum against a disk that lies.
/// </summary>
internal sealed partial class TwinStateFile
{
    private const int ChecksumLength = 32;
    private static readonly byte[] s_magic = "MDMTWIN1"u8.ToArray();
    private readonly ILogger<TwinStateFile> _logger;

    public TwinStateFile(string folder, string hub, string device, ILogger<TwinStateFile> logger)
    {
        _logger = logger;
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{hub}\n{device}")).AsSpan(0, 8));
        Path = System.IO.Path.Combine(folder, $"twin-{key}.state");
    }

    public string Path { get; }

    /// <summary>What was stored last; <see cref="TwinState.Empty"/> when there is nothing, or nothing that can be trusted.</summary>
    public TwinState Load()
    {
        if (!File.Exists(Path))
        {
            return TwinState.Empty;
        }

        byte[] bytes = File.ReadAllBytes(Path);
        int header = s_magic.Length + ChecksumLength;
        if (bytes.Length < header
            || !bytes.AsSpan(0, s_magic.Length).SequenceEqual(s_magic)
            || !SHA256.HashData(bytes.AsSpan(header)).AsSpan().SequenceEqual(bytes.AsSpan(s_magic.Length, ChecksumLength)))
        {
            StateUnreadable(Path);
            return TwinState.Empty;
        }

        return JsonSerializer.Deserialize(bytes.AsSpan(header), TwinStateJson.Default.TwinState) ?? TwinState.Empty;
    }

    public void Save(TwinState state)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(state, TwinStateJson.Default.TwinState);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        string beside = Path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(beside, options))
        {
            file.Write(s_magic);
            file.Write(SHA256.HashData(json));
            file.Write(json);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, Path, overwrite: true);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The twin state in {File} is damaged and is not used; every section will be applied once more")]
    private partial void StateUnreadable(string file);
}
