using System.Globalization;

namespace ModularDM.Hosting.Telemetry;

/// <summary>Lines in a ring of files: a new file when one is full, and the oldest deleted so that all together stay within a size. One writer, any readers.</summary>
internal sealed class SegmentedFile : IDisposable
{
    private const int Segments = 4;
    private const string Prefix = "traces-";
    private const string Suffix = ".jsonl";

    private readonly string _folder;
    private readonly long _maxBytes;
    private readonly long _segmentBytes;
    private FileStream? _current;
    private long _length;
    private long _number;

    public SegmentedFile(string folder, long maxBytes)
    {
        _folder = folder;
        _maxBytes = maxBytes;
        _segmentBytes = maxBytes / Segments;
    }

    /// <summary>Opens the newest file, or a first one. A line that a crash cut off is closed, so that the next one stands alone.</summary>
    public void Open()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_folder);
        }
        else
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _number = List(_folder).Select(file => file.Number).DefaultIfEmpty(1).Last();
        OpenCurrent();
        Prune();
    }

    /// <summary>Appends one line and its line feed.</summary>
    /// <returns>False when it is larger than a file may be; then nothing was written.</returns>
    public bool TryAppend(ReadOnlySpan<byte> line)
    {
        if (line.Length + 1 > _segmentBytes)
        {
            return false;
        }

        if (_length + line.Length + 1 > _segmentBytes)
        {
            _current!.Dispose();
            _number++;
            OpenCurrent();
            Prune();
        }

        _current!.Write(line);
        _current.WriteByte((byte)'\n');
        _length += line.Length + 1;
        return true;
    }

    /// <summary>Hands what was appended to the system; it survives the process from here on.</summary>
    public void Flush() => _current?.Flush();

    /// <summary>The lines of all files, oldest first. A file that is deleted meanwhile is passed over.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> ReadLines(string folder)
    {
        foreach ((string path, _) in List(folder))
        {
            byte[]? content = ReadShared(path);
            for (int start = 0; content is not null && start < content.Length;)
            {
                int length = content.AsSpan(start).IndexOf((byte)'\n');
                if (length < 0)
                {
                    length = content.Length - start;
                }

                if (length > 0)
                {
                    yield return content.AsMemory(start, length);
                }

                start += length + 1;
            }
        }
    }

    public void Dispose() => _current?.Dispose();

    private static byte[]? ReadShared(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[file.Length];
            int got = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return content[..got];
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static List<(string Path, long Number)> List(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        List<(string Path, long Number)> files = [];
        foreach (string path in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix))
        {
            if (long.TryParse(Path.GetFileName(path).AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                files.Add((path, number));
            }
        }

        files.Sort((left, right) => left.Number.CompareTo(right.Number));
        return files;
    }

    private void OpenCurrent()
    {
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{_number:D8}{Suffix}"));
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 16 * 1024,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _current = new FileStream(path, options);
        _length = _current.Length;
        if (_length > 0)
        {
            _current.Seek(-1, SeekOrigin.End);
            if (_current.ReadByte() != '\n')
            {
                _current.WriteByte((byte)'\n');
                _length++;
            }
        }
    }

    private void Prune()
    {
        // Newest first: what no longer fits beside a full current file goes, whatever size it was allowed when it was written.
        long room = _maxBytes - _segmentBytes;
        foreach ((string path, long number) in Enumerable.Reverse(List(_folder)))
        {
            if (number == _number)
            {
                continue;
            }

            room -= new FileInfo(path).Length;
            if (room < 0)
            {
                File.Delete(path);
            }
        }
    }
}
