using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ModularDM.Configurator.Audit;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests.Server;

/// <summary>Random and mutated frames of every kind of request. MODULARDM_LONG_TESTS=1 sends a million.</summary>
public sealed class FuzzTests
{
    private const int BatchSize = 500;
    private static readonly int s_frames = Environment.GetEnvironmentVariable("MODULARDM_LONG_TESTS") == "1" ? 1_000_000 : 20_000;

    private static readonly byte[][] s_seeds = [.. new ConfiguratorRequest[]
    {
        new GetDeviceInfo(), new GetNtpServer(), new SetNtpServer { Server = "a.example.com" }, new GetTelemetryLevel(), new GetRebootSchedule(),
        new SetAllowReboots { Allow = false, LeaseSeconds = 5 }, new RebootNow { Reason = "r", Confirm = "0123456789abcdef0123456789abcdef" },
        new ReadDeviceAttribute { Name = "fan0.pwm" }, new WriteDeviceAttribute { Name = "fan0.pwm", Value = "12" },
        new CspCommand { Verb = CspVerb.Get, LocUri = "./DevInfo/Man" },
        new RunAllowedTool { Name = "say", Arguments = new Dictionary<string, string> { ["level"] = "1", ["word"] = "a" } },
        new WriteAllowedFile { Name = "calibration", Contents = "{\"a\":1}" },
    }.Select(request => JsonSerializer.SerializeToUtf8Bytes<ClientFrame>(
        new RequestFrame { Id = 9, Plugin = "contoso.calibration", DeadlineMs = 5000, Request = request }, ConfiguratorJson.Default.ClientFrame))];

    [Fact]
    public async Task Server_RandomAndMutatedFrames_AnswersOnAndStaysSmall()
    {
        const int Seed = 20311;
        var random = new Random(Seed);
        await using var server = new TestServer(sink: new Nowhere());
        long before = 0;
        for (int sent = 0; sent < s_frames; sent += BatchSize)
        {
            using (TestClient client = await server.ConnectAsync())
            {
                await SendBatchAsync(client, random, sent);
            }

            if (sent == 10 * BatchSize)
            {
                before = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 * 1024 * 1024);
        using TestClient last = await server.ConnectAsync();
        Assert.NotNull((await last.GetAsync(new GetNtpServer())).Server);
        Assert.DoesNotContain("SessionFailed", server.LogText.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("OperationFailed", server.LogText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_BrokenLengthPrefixes_CloseTheirConnectionOnly()
    {
        var random = new Random(7);
        await using var server = new TestServer(sink: new Nowhere());
        using TestClient steady = await server.ConnectAsync();
        for (int i = 0; i < s_frames / 100; i++)
        {
            using (TestClient client = await TestClient.OpenAsync(server.Socket))
            {
                byte[] noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                await client.Stream.WriteAsync(noise);
                client.Stream.Socket.Shutdown(SocketShutdown.Send);
                while (await ReceiveOrEndAsync(client) is not null)
                {
                }
            }

            Assert.NotNull((await steady.GetAsync(new GetNtpServer())).Server);
        }
    }

    private static async Task<ServerFrame?> ReceiveOrEndAsync(TestClient client)
    {
        try
        {
            return await client.ReceiveAsync();
        }
        catch (IOException)
        {
            // Closed with our noise unread, which the kernel reports as a reset.
            return null;
        }
    }

    private static async Task SendBatchAsync(TestClient client, Random random, int round)
    {
        byte[][] batch = [.. Enumerable.Range(0, BatchSize).Select(_ => Mutate(random))];
        long end = 1_000_000_000_000 + round;
        Task sending = Task.Run(async () =>
        {
            foreach (byte[] frame in batch)
            {
                await client.SendBytesAsync(frame);
            }

            await client.SendTextAsync(string.Create(CultureInfo.InvariantCulture,
                $$$"""{"frame":"request","id":{{{end}}},"plugin":"modulardm.test","deadlineMs":5000,"request":{"op":"getNtpServer"}}"""));
        });
        while ((await client.ResponseAsync()).Id != end)
        {
        }

        await sending.WaitAsync(TestTimeouts.Default);
    }

    private static byte[] Mutate(Random random)
    {
        if (random.Next(5) == 0)
        {
            byte[] noise = new byte[random.Next(1, 300)];
            random.NextBytes(noise);
            return noise;
        }

        List<byte> frame = [.. s_seeds[random.Next(s_seeds.Length)]];
        for (int changes = random.Next(1, 5); changes > 0 && frame.Count > 1; changes--)
        {
            int at = random.Next(frame.Count);
            switch (random.Next(5))
            {
                case 0:
                    frame[at] = (byte)random.Next(256);
                    break;
                case 1:
                    frame.RemoveAt(at);
                    break;
                case 2:
                    frame.Insert(at, (byte)"{}[]\",:0\\"[random.Next(9)]);
                    break;
                case 3:
                    frame.InsertRange(at, frame.GetRange(at, Math.Min(random.Next(1, 40), frame.Count - at)));
                    break;
                default:
                    frame.RemoveRange(at, Math.Min(random.Next(1, 40), frame.Count - at - (at == 0 ? 1 : 0)));
                    break;
            }
        }

        return frame.Count == 0 ? Encoding.ASCII.GetBytes("x") : [.. frame];
    }

    private sealed class Nowhere : IAuditSink
    {
        public void Write(AuditRecord record)
        {
        }

        public void Dispose()
        {
        }
    }
}
