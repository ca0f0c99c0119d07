using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using ModularDM.Configurator.Audit;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Audit;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Change_InTheJournal_HasItsFieldsAndNoneOfTheCallersMaking()
    {
        string path = _folder.File("journal");
        using Socket journal = Bind(path);
        await using var server = new TestServer(sink: new JournalAuditSink(path));
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new RebootNow { Reason = "r" });
        Dictionary<string, string> start = Receive(journal);
        Assert.Equal(("mdm-configurator", "6", "start"), (start["SYSLOG_IDENTIFIER"], start["PRIORITY"], start["MODULARDM_EVENT"]));
        Assert.Equal(("rebootNow", "modulardm.test"), (start["MODULARDM_OPERATION"], start["MODULARDM_PLUGIN"]));
        Assert.Equal($"{Environment.ProcessId}", start["MODULARDM_CALLER_PID"]);
        Assert.Equal("{\"op\":\"rebootNow\",\"reason\":\"r\"}", start["MODULARDM_ARGUMENTS"]);
        Assert.Equal("done", Receive(journal)["MODULARDM_OUTCOME"]);
    }

    [Fact]
    public void Value_WithLineBreaks_StaysOneField()
    {
        string path = _folder.File("journal");
        using Socket journal = Bind(path);
        using var sink = new JournalAuditSink(path);
        sink.Write(Record() with { Event = "denied", Outcome = "no\nPRIORITY=0\n_UID=0" });
        Dictionary<string, string> entry = Receive(journal);
        Assert.Equal("no\nPRIORITY=0\n_UID=0", entry["MODULARDM_OUTCOME"]);
        Assert.Equal("4", entry["PRIORITY"]);
        Assert.DoesNotContain("_UID", entry.Keys);
    }

    [Fact]
    public async Task Journal_Gone_RefusesTheChangeAndIsFoundAgain()
    {
        string path = _folder.File("journal");
        Socket journal = Bind(path);
        await using var server = new TestServer(sink: new JournalAuditSink(path));
        using TestClient client = await server.ConnectAsync();
        journal.Dispose();
        File.Delete(path);
        Assert.Equal("audit", (await client.FailAsync(ConfiguratorErrorCode.Failed, new SetNtpServer { Server = "a.example.com" })).Detail);
        Assert.Equal("time.windows.com", (await client.GetAsync(new GetNtpServer())).Server);
        using Socket again = Bind(path);
        await client.GetAsync(new SetNtpServer { Server = "a.example.com" });
        Assert.Equal("start", Receive(again)["MODULARDM_EVENT"]);
    }

    [Fact]
    public void Entry_TooLongForADatagram_IsAnError()
    {
        string path = _folder.File("journal");
        using Socket journal = Bind(path);
        using var sink = new JournalAuditSink(path);
        Assert.Throws<IOException>(() => sink.Write(Record() with { Arguments = new string('x', 4_000_000) }));
        sink.Write(Record());
    }

    [Fact]
    public void Journal_NotThere_SaysWhatToDo() =>
        Assert.Contains("--audit file", Assert.Throws<IOException>(() => new JournalAuditSink(_folder.File("none"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Both_WhenEitherFails_Fails()
    {
        var first = new MemoryAuditSink();
        var second = new MemoryAuditSink();
        using var both = new PairedAuditSink(first, second);
        both.Write(Record());
        Assert.Equal((1, 1), (first.Records.Count, second.Records.Count));
        second.OnWrite = _ => throw new IOException("full");
        Assert.Throws<IOException>(() => both.Write(Record()));
    }

    private static AuditRecord Record() => new() { Time = DateTimeOffset.UnixEpoch, Event = "start", Sequence = 1, Operation = "rebootNow", Plugin = "p", Pid = 1 };

    private static Socket Bind(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)TestTimeouts.Default.TotalMilliseconds };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static Dictionary<string, string> Receive(Socket journal)
    {
        byte[] buffer = new byte[65536];
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, journal.Receive(buffer));
        var fields = new Dictionary<string, string>();
        while (rest.Length > 0)
        {
            int end = rest.IndexOf((byte)'\n');
            string name = Encoding.ASCII.GetString(rest[..end]);
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest[(end + 1)..]);
            fields.Add(name, Encoding.UTF8.GetString(rest.Slice(end + 9, length)));
            Assert.Equal((byte)'\n', rest[end + 9 + length]);
            rest = rest[(end + 10 + length)..];
        }

        return fields;
    }
}
