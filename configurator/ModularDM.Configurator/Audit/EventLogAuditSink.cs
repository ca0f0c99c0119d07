using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ModularDM.Configurator.Audit;

/// <summary>Records in the Application log of Windows, under the source <c>mdm-configurator</c>.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class EventLogAuditSink : IAuditSink
{
    private const ushort Warning = 2;
    private const ushort Information = 4;
    private const uint ChangeEvent = 1;
    private nint _source;

    /// <exception cref="IOException">The log cannot be written to.</exception>
    public EventLogAuditSink()
    {
        _source = RegisterEventSource(null, "mdm-configurator");
        if (_source == 0)
        {
            throw LastError("opened");
        }
    }

    public unsafe void Write(AuditRecord record)
    {
        string text = $"{AuditLine.Of(record)}\nseq {record.Sequence}, trace {record.TraceId}\n{record.Arguments}";
        fixed (char* characters = text)
        {
            char* strings = characters;
            if (!ReportEvent(_source, AuditLine.PriorityOf(record) < 5 ? Warning : Information, 0, ChangeEvent, 0, 1, 0, &strings, 0))
            {
                throw LastError("written to");
            }
        }
    }

    public void Dispose()
    {
        nint source = Interlocked.Exchange(ref _source, 0);
        if (source != 0)
        {
            _ = DeregisterEventSource(source);
        }
    }

    private static IOException LastError(string what) => new($"The event log cannot be {what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [LibraryImport("advapi32", EntryPoint = "RegisterEventSourceW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint RegisterEventSource(string? server, string source);

    [LibraryImport("advapi32", EntryPoint = "ReportEventW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool ReportEvent(
        nint source, ushort type, ushort category, uint id, nint user, ushort stringCount, uint dataLength, char** strings, nint data);

    [LibraryImport("advapi32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool DeregisterEventSource(nint source);
}
