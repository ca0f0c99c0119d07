using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ModularDM.Configurator.Audit;

/// <summary>Records as fields of journald entries, by its native protocol: one datagram each. Written means that journald has taken the datagram.</summary>
internal sealed class JournalAuditSink : IAuditSink
{
    public const string DefaultSocket = "/run/systemd/journal/socket";
    private const int SendLimitMs = 2000;
    private readonly UnixDomainSocketEndPoint _journal;
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _entry = new(1024);
    private Socket? _socket;

    /// <exception cref="IOException">Nobody listens there.</exception>
    public JournalAuditSink(string path = DefaultSocket)
    {
        _path = path;
        _journal = new UnixDomainSocketEndPoint(path);
        _socket = Connect();
    }

    public void Write(AuditRecord record)
    {
        lock (_gate)
        {
            Format(record);
            try
            {
                // A journald that was started anew has a new socket behind the old name.
                if (_socket is null || !TrySend(_socket))
                {
                    _socket?.Dispose();
                    _socket = null;
                    _socket = Connect();
                    _socket.Send(_entry.WrittenSpan);
                }
            }
            catch (SocketException e)
            {
                _socket?.Dispose();
                _socket = null;
                throw new IOException($"journald did not take an entry of {_entry.WrittenCount} bytes at '{_path}': {e.Message}", e);
            }
        }
    }

    public void Dispose() => _socket?.Dispose();

    private bool TrySend(Socket socket)
    {
        try
        {
            return socket.Send(_entry.WrittenSpan) == _entry.WrittenCount;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.NotConnected or SocketError.ConnectionReset)
        {
            return false;
        }
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendLimitMs };
        try
        {
            socket.Connect(_journal);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"journald does not listen at '{_path}': {e.Message} Use --audit file where there is no journald.", e);
        }
    }

    private void Format(AuditRecord record)
    {
        _entry.ResetWrittenCount();
        Field("MESSAGE", AuditLine.Of(record));
        Field("PRIORITY", AuditLine.PriorityOf(record).ToString(CultureInfo.InvariantCulture));
        Field("SYSLOG_IDENTIFIER", "mdm-configurator");
        Field("MODULARDM_EVENT", record.Event);
        Field("MODULARDM_SEQ", record.Sequence.ToString(CultureInfo.InvariantCulture));
        Field("MODULARDM_OPERATION", record.Operation);
        Field("MODULARDM_PLUGIN", record.Plugin);
        Field("MODULARDM_CALLER_PID", record.Pid.ToString(CultureInfo.InvariantCulture));
        Field("MODULARDM_CALLER_UID", record.Uid?.ToString(CultureInfo.InvariantCulture));
        Field("MODULARDM_CALLER_UNIT", record.Unit);
        Field("MODULARDM_ARGUMENTS", record.Arguments);
        Field("MODULARDM_OUTCOME", record.Outcome);
        Field("MODULARDM_TRACE_ID", record.TraceId);
    }

    // The form with a length: a line break in a value starts no field of its own.
    private void Field(string name, string? value)
    {
        if (value is null)
        {
            return;
        }

        Encoding.UTF8.GetBytes(name, _entry);
        _entry.Write("\n"u8);
        BinaryPrimitives.WriteUInt64LittleEndian(_entry.GetSpan(sizeof(ulong)), (ulong)Encoding.UTF8.GetByteCount(value));
        _entry.Advance(sizeof(ulong));
        Encoding.UTF8.GetBytes(value, _entry);
        _entry.Write("\n"u8);
    }
}
