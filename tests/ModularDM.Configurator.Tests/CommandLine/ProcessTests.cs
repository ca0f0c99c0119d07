using System.Diagnostics;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.CommandLine;

/// <summary>The program as an operator starts it, in a process of its own.</summary>
public sealed class ProcessTests
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "mdm-configurator.dll");

    [Fact]
    public async Task Run_Started_IsReadyAnswersAndStopsOnSigterm()
    {
        using var folder = new TemporaryFolder();
        using Running running = await StartAsync(folder, TestPolicies.Full());
        using (TestClient client = await TestClient.ConnectAsync(running.Socket))
        {
            await client.GetAsync(new SetTelemetryLevel { Level = TelemetryLevel.Enhanced });
            Assert.Equal(TelemetryLevel.Enhanced, (await client.GetAsync(new GetTelemetryLevel())).Level);
        }

        Assert.Contains(running.Socket, await File.ReadAllTextAsync(folder.File("ready")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(running.Socket));
        Assert.Equal(0, await running.TerminateAsync());
        Assert.False(File.Exists(running.Socket));
        Assert.Equal(2, File.ReadLines(folder.File("state/audit.jsonl")).Count());
    }

    [Fact]
    public async Task Run_KilledAndStartedAgain_RemembersAndTakesTheSocketOver()
    {
        using var folder = new TemporaryFolder();
        using (Running first = await StartAsync(folder, TestPolicies.Full()))
        {
            using TestClient client = await TestClient.ConnectAsync(first.Socket);
            await client.GetAsync(new SetAllowReboots { Allow = false, LeaseSeconds = 3000 });
            first.Kill();
        }

        using Running second = await StartAsync(folder, TestPolicies.Full());
        using TestClient again = await TestClient.ConnectAsync(second.Socket);
        Assert.False((await again.GetAsync(new GetRebootPolicy())).AllowReboots);
        (int code, _, string error) = await ExecuteAsync(Arguments(folder));
        Assert.Equal(1, code);
        Assert.Contains("Another configurator answers", error, StringComparison.Ordinal);
        Assert.Equal(0, await second.TerminateAsync());
    }

    [Fact]
    public async Task Run_CallerOfAnotherUid_IsDenied()
    {
        RequireAnotherAccount();
        using var folder = new TemporaryFolder();
        using Running running = await StartAsync(folder, TestPolicies.Full());
        OpenToEverybody(folder, running);
        const string Client = """
            import socket,struct,sys
            s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
            b=b'{"frame":"hello","protocol":1,"version":"x"}'; s.sendall(struct.pack('<I',len(b))+b)
            n=struct.unpack('<I',s.recv(4))[0]; print(s.recv(n).decode())
            """;
        (int code, string output, string error) = await ExecuteAsync(
            ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", Client, running.Socket]);
        Assert.True(code == 0, error);
        Assert.Contains("\"denied\"", output, StringComparison.Ordinal);
        Assert.Contains("uid:65534", output, StringComparison.Ordinal);
        Assert.Equal(0, await running.TerminateAsync());
    }

    [Fact]
    public async Task Run_StrangerFloodsTheSocket_TheHostIsServedAllTheSame()
    {
        RequireAnotherAccount();
        using var folder = new TemporaryFolder();
        using Running running = await StartAsync(folder, TestPolicies.Full());
        OpenToEverybody(folder, running);
        const string Flood = """
            import socket,struct,sys
            held=[]; n=0
            while True:
                try:
                    s=socket.socket(socket.AF_UNIX); s.settimeout(0.2); s.connect(sys.argv[1])
                    s.sendall(b'\xff\xff\x00\x00'+b'{'*3000); held.append(s); n+=1
                    if n==100: print('flooding',flush=True)
                    if len(held)>60: held.pop(0).close()
                except OSError: n+=1
            """;
        using TestClient host = await TestClient.ConnectAsync(running.Socket);
        using Process stranger = Start(
            ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", Flood, running.Socket]);
        try
        {
            Assert.Equal("flooding", await stranger.StandardOutput.ReadLineAsync().WaitAsync(TestTimeouts.Default));
            for (int i = 0; i < 500; i++)
            {
                Assert.Equal("time.windows.com", (await host.GetAsync(new GetNtpServer())).Server);
            }

            using TestClient another = await ConnectPatientlyAsync(running.Socket);
            Assert.Equal("time.windows.com", (await another.GetAsync(new GetNtpServer())).Server);

            Assert.False(stranger.HasExited);
        }
        finally
        {
            stranger.Kill();
            await stranger.WaitForExitAsync().WaitAsync(TestTimeouts.Default);
        }

        Assert.Equal(0, await running.TerminateAsync());
    }

    [Fact]
    public async Task Run_KilledWhileAFileIsReplaced_LeavesTheOldOrTheNewOne()
    {
        using var folder = new TemporaryFolder();
        string[] versions = [.. "AB".Select(letter => $"\"{new string(letter, 90_000)}\"")];
        string path = folder.File("state/files/etc/contoso/calibration.json");
        for (int round = 0; round < 4; round++)
        {
            using Running running = await StartAsync(folder, TestPolicies.Full());
            using TestClient client = await TestClient.ConnectAsync(running.Socket);
            await client.GetAsync(new WriteAllowedFile { Name = "calibration", Contents = versions[0] }, "contoso.calibration");
            for (int i = 0; i < 14; i++)
            {
                await client.StartAsync(new WriteAllowedFile { Name = "calibration", Contents = versions[i % 2] }, "contoso.calibration");
            }

            for (int answers = 0; answers < round * 3; answers++)
            {
                await client.ResponseAsync();
            }

            running.Kill();
            Assert.Contains(await File.ReadAllTextAsync(path), versions);
        }

        using Running last = await StartAsync(folder, TestPolicies.Full());
        using TestClient again = await TestClient.ConnectAsync(last.Socket);
        await again.GetAsync(new WriteAllowedFile { Name = "calibration", Contents = "{}" }, "contoso.calibration");
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task Run_PolicyWritableByOthers_DoesNotStart()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", TestPolicies.Full());
        File.SetUnixFileMode(policy, File.GetUnixFileMode(policy) | UnixFileMode.GroupWrite);
        (int code, _, string error) = await ExecuteAsync(Arguments(folder));
        Assert.Equal(1, code);
        Assert.Contains("chmod go-w", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("state")));
    }

    // While the queue of new connections is full the kernel says "try again", as the host does too.
    private static async Task<TestClient> ConnectPatientlyAsync(string socket)
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        while (true)
        {
            try
            {
                return await TestClient.ConnectAsync(socket);
            }
            catch (System.Net.Sockets.SocketException e) when (e.SocketErrorCode == System.Net.Sockets.SocketError.WouldBlock)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private static string[] Arguments(TemporaryFolder folder) =>
    [
        Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet", s_program, "run",
        "--platform", "simulated", "--socket", folder.File("run/c.sock"), "--policy", folder.File("policy.json"), "--state", folder.File("state"),
        "--ready-file", folder.File("ready"),
    ];

    private static void RequireAnotherAccount()
    {
        Assert.SkipUnless(Posix.EffectiveUid == 0, "Only root can start a process as another account.");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "setpriv is not installed.");
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3, the other account's client, is not installed.");
    }

    // The socket's own mode would keep a stranger out; open the way, so that the peer's credentials have to.
    private static void OpenToEverybody(TemporaryFolder folder, Running running)
    {
        foreach (string path in (string[])[folder.Path, Path.GetDirectoryName(running.Socket)!])
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        }

        File.SetUnixFileMode(running.Socket, File.GetUnixFileMode(running.Socket) | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
    }

    private static async Task<Running> StartAsync(TemporaryFolder folder, string policy)
    {
        folder.Write("policy.json", policy);
        Process process = Start(Arguments(folder));
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(TestTimeouts.Default);
        Assert.StartsWith("READY {\"socket\":\"", line, StringComparison.Ordinal);
        return new Running(process, folder.File("run/c.sock"));
    }

    private static async Task<(int Code, string Output, string Error)> ExecuteAsync(string[] command)
    {
        using Process process = Start(command);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync().WaitAsync(TestTimeouts.Default);
        await process.WaitForExitAsync().WaitAsync(TestTimeouts.Default);
        return (process.ExitCode, await output, error);
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private sealed class Running(Process process, string socket) : IDisposable
    {
        public string Socket { get; } = socket;

        public async Task<int> TerminateAsync()
        {
            using (Process kill = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync().WaitAsync(TestTimeouts.Default);
            }

            await process.WaitForExitAsync().WaitAsync(TestTimeouts.Default);
            return process.ExitCode;
        }

        public void Kill()
        {
            process.Kill();
            process.WaitForExit(TestTimeouts.Default);
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                Kill();
            }

            process.Dispose();
        }
    }
}
