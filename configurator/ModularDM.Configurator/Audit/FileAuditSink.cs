using System.Buffers;
using System.Text.Json;

namespace ModularDM.Configurator.Audit;

/// <summary>JSON lines in a file of mode 0600, put aside at a size; the oldest part is dropped.</summary>
internal sealed class FileAuditSink : IAuditSink
{
    private const int PartsKept = 5;
    private static readonly JsonWriterOptions s_json = new() { Indented = false };
    private readonly string _path;
    private readonly long _maxBytes;
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _line = new(512);
    private FileStream? _file;
    private bool _torn;

    public FileAuditSink(string path, long maxBytes = 10 * 1024 * 1024)
    {
        _path = path;
        _maxBytes = maxBytes;
        _file = Open();
    }

    public void Write(AuditRecord record)
    {
        lock (_gate)
        {
            // After a failure the file is opened anew, so that a disk that has room again, or a folder put back, is used at once.
            _file ??= Open();
            try
            {
                if (_file.Length >= _maxBytes)
                {
                    Rotate();
                }

                Format(record);
                if (_torn)
                {
                    _file.Write("\n"u8);
                    _torn = false;
                }

                _file.Write(_line.WrittenSpan);
            }
            catch
            {
                _torn = true;
                _file?.Dispose();
                _file = null;
                throw;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Format(AuditRecord record)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line, s_json))
        {
            json.WriteStartObject();
            json.WriteString("time", record.Time);
            json.WriteString("event", record.Event);
            json.WriteNumber("seq", record.Sequence);
            json.WriteString("operation", record.Operation);
            json.WriteString("plugin", record.Plugin);
            json.WriteNumber("pid", record.Pid);
            if (record.Uid is { } uid)
            {
                json.WriteNumber("uid", uid);
            }

            WriteIfAny(json, "unit", record.Unit);
            WriteIfAny(json, "sid", record.Sid);
            if (record.Arguments is not null)
            {
                json.WritePropertyName("arguments");
                json.WriteRawValue(record.Arguments);
            }

            WriteIfAny(json, "outcome", record.Outcome);
            WriteIfAny(json, "traceId", record.TraceId);
            json.WriteEndObject();
        }

        _line.Write("\n"u8);
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        for (int part = PartsKept - 1; part >= 1; part--)
        {
            string from = part == 1 ? _path : $"{_path}.{part - 1}";
            if (File.Exists(from))
            {
                File.Move(from, $"{_path}.{part}", overwrite: true);
            }
        }

        _file = Open();
    }

    private FileStream Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(_path, options);
    }
}
