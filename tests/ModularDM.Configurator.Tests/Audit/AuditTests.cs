using System.Text.Json;
using ModularDM.Configurator.Audit;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Audit;

public sealed class AuditTests
{
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task Change_IsWrittenDownBeforeItActsAndAfter()
    {
        await using var server = new TestServer();
        string? atStart = "unset";
        server.Audit.OnWrite = record =>
        {
            if (record.Event == "start")
            {
                atStart = server.Simulated.Device.Current.NtpServer;
            }
        };
        using TestClient client = await server.ConnectAsync();
        await client.AskAsync(new SetNtpServer { Server = "a.example.com" }, traceparent: Traceparent);
        Assert.Equal("time.windows.com", atStart);
        Assert.Equal(["start", "end"], server.Audit.Records.Select(record => record.Event));
        AuditRecord start = server.Audit.Records[0];
        Assert.Equal(("setNtpServer", "modulardm.test", "0af7651916cd43dd8448eb211c80319c"), (start.Operation, start.Plugin, start.TraceId));
        Assert.Equal(Environment.ProcessId, start.Pid);
        Assert.Contains("a.example.com", start.Arguments, StringComparison.Ordinal);
        Assert.Equal("done", server.Audit.Records[1].Outcome);
        Assert.Equal(start.Sequence, server.Audit.Records[1].Sequence);
    }

    [Fact]
    public async Task Change_ThatFails_HasItsReasonAsOutcome()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, new SetNtpServer { Server = ";" });
        Assert.StartsWith("InvalidArgument", server.Audit.Records[^1].Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_Denied_IsWrittenDownAndReadsAreNot()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new GetTelemetryLevel());
        await client.FailAsync(ConfiguratorErrorCode.Denied, new GetTelemetryLevel(), "contoso.fancontrol");
        await client.FailAsync(ConfiguratorErrorCode.Denied, new RebootNow { Reason = "r" }, "contoso.fancontrol");
        Assert.Equal("denied", Assert.Single(server.Audit.Records).Event);
    }

    [Fact]
    public async Task Change_ThatCannotBeWrittenDown_DoesNotHappen()
    {
        await using var server = new TestServer();
        server.Audit.OnWrite = _ => throw new IOException("disk full");
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.Failed, new SetNtpServer { Server = "a.example.com" });
        Assert.Equal("audit", error.Detail);
        Assert.Equal("time.windows.com", (await client.GetAsync(new GetNtpServer())).Server);
        server.Audit.OnWrite = null;
        await client.GetAsync(new SetNtpServer { Server = "a.example.com" });
    }

    [Fact]
    public async Task Change_WhoseOutcomeCannotBeWrittenDown_IsLogged()
    {
        await using var server = new TestServer();
        server.Audit.OnWrite = record => _ = record.Event == "end" ? throw new IOException("disk full") : 0;
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetNtpServer { Server = "a.example.com" });
        Assert.Contains("AuditFailed", server.LogText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Value_OfASecretAttribute_IsLeftOut()
    {
        string policy = TestPolicies.Full().Replace("\"pattern\": \"^", "\"secret\": true, \"pattern\": \"^", StringComparison.Ordinal);
        await using var server = new TestServer(policy);
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new WriteDeviceAttribute { Name = "fan0.pwm", Value = "201" }, "contoso.fancontrol");
        Assert.DoesNotContain("201", server.Audit.Records[0].Arguments, StringComparison.Ordinal);
    }

    [Fact]
    public void File_LinesAndRotation_StayPrivateAndBounded()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("audit.jsonl");
        using (var sink = new FileAuditSink(path, maxBytes: 2000))
        {
            for (int i = 1; i <= 100; i++)
            {
                sink.Write(new AuditRecord
                {
                    Time = DateTimeOffset.UnixEpoch, Event = "start", Sequence = i, Operation = "rebootNow", Plugin = "p", Pid = 1, Uid = 2,
                    Arguments = """{"op":"rebootNow","reason":"a\nb"}""",
                });
            }
        }

        string[] parts = Directory.GetFiles(folder.Path);
        Assert.Equal(5, parts.Length);
        Assert.All(parts, part => Assert.InRange(new FileInfo(part).Length, 1, 2300));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        JsonElement last = JsonDocument.Parse(File.ReadLines(path).Last()).RootElement;
        Assert.Equal(100, last.GetProperty("seq").GetInt64());
        Assert.Equal("a\nb", last.GetProperty("arguments").GetProperty("reason").GetString());
    }

    [Fact]
    public void File_ThatCannotBeOpened_ThrowsAndRecovers()
    {
        using var folder = new TemporaryFolder();
        string deep = Path.Combine(folder.Path, "gone");
        Directory.CreateDirectory(deep);
        using var sink = new FileAuditSink(Path.Combine(deep, "audit.jsonl"), maxBytes: 1);
        var record = new AuditRecord { Time = DateTimeOffset.UnixEpoch, Event = "start", Sequence = 1, Operation = "o", Plugin = "p", Pid = 1 };
        sink.Write(record);
        Directory.Delete(deep, recursive: true);
        Assert.ThrowsAny<IOException>(() => sink.Write(record));
        Directory.CreateDirectory(deep);
        sink.Write(record);
        Assert.True(File.Exists(Path.Combine(deep, "audit.jsonl")));
    }
}
