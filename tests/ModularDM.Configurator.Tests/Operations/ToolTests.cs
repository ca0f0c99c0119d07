using System.Runtime.Versioning;
using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Operations;

/// <summary>Real programs, started by the whole service.</summary>
[SupportedOSPlatform("linux")]
public sealed class ToolTests : IAsyncDisposable
{
    private const string Plugin = "contoso.calibration";
    private readonly TestServer _server = new();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Tool_Granted_RunsWithItsFixedListAndNothingElse()
    {
        Program("say", "#!/bin/sh\nfor a in \"$@\"; do echo \"[$a]\"; done\nenv | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD=' | sort\ncat\necho wrong >&2\nexit 3\n");
        using TestClient client = await _server.ConnectAsync();
        ToolOutput output = await client.GetAsync(Run("say", ("level", "2"), ("word", "a b")), Plugin);
        Assert.Equal("[fixed]\n[--level=2]\n[a b]\nLANG=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n", output.Output);
        Assert.Equal((3, "wrong\n", false), (output.ExitCode, output.ErrorOutput, output.Truncated));
    }

    [Theory]
    [InlineData("pattern for 'level'", "level", "9", "word", "a")]
    [InlineData("pattern for 'level'", "level", "2; reboot", "word", "a")]
    [InlineData("control characters", "level", "2", "word", "a\nb")]
    [InlineData("begins with '-'", "level", "2", "word", "-x")]
    [InlineData("'word' has no value", "level", "2")]
    [InlineData("no placeholder 'more'", "level", "2", "word", "a", "more", "b")]
    public async Task Arguments_OutsideThePolicy_AreDeniedInWordsAndNothingStarts(string said, params string[] arguments)
    {
        Program("say", "#!/bin/sh\ntouch \"$0.ran\"\n");
        using TestClient client = await _server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.Denied, Run("say", [.. arguments.Chunk(2).Select(pair => (pair[0], pair[1]))]), Plugin);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("say") + ".ran"));
        Assert.Equal("denied", Assert.Single(_server.Audit.Records).Event);
    }

    [Fact]
    public async Task Tool_NotGranted_IsDeniedWithTheLineThatHelps()
    {
        using TestClient client = await _server.ConnectAsync();
        Assert.Contains("\"name\": \"format\"", (await client.FailAsync(ConfiguratorErrorCode.Denied, Run("format"), Plugin)).Message, StringComparison.Ordinal);
        Assert.Contains("\"runAllowedTool\"", (await client.FailAsync(ConfiguratorErrorCode.Denied, Run("say"), "contoso.csp")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task Tool_WritableByOthers_IsNotStarted(UnixFileMode extra)
    {
        string path = Program("slow", "#!/bin/sh\n");
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | extra);
        using TestClient client = await _server.ConnectAsync();
        Assert.Contains("chmod go-w", (await client.FailAsync(ConfiguratorErrorCode.Denied, Run("slow"), Plugin)).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~extra);
        string folder = Path.GetDirectoryName(path)!;
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | extra);
        Assert.Contains(folder, (await client.FailAsync(ConfiguratorErrorCode.Denied, Run("slow"), Plugin)).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) & ~extra);
        Assert.Equal(0, (await client.GetAsync(Run("slow"), Plugin)).ExitCode);
    }

    [Fact]
    public async Task Tool_ThatIsALinkOrMissing_IsNotStarted()
    {
        using TestClient client = await _server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.NotFound, Run("slow"), Plugin);
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf("slow"))!);
        File.CreateSymbolicLink(PathOf("slow"), "/bin/true");
        Assert.Contains("symbolic link", (await client.FailAsync(ConfiguratorErrorCode.Denied, Run("slow"), Plugin)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_OverTheCap_IsCutAndTheToolEnds()
    {
        Program("say", "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\n");
        using TestClient client = await _server.ConnectAsync();
        ToolOutput output = await client.GetAsync(Run("say", ("level", "1"), ("word", "")), Plugin);
        Assert.Equal((0, 2000, true), (output.ExitCode, output.Output.Length, output.Truncated));
    }

    [Fact]
    public async Task Tool_OverItsTime_IsKilledWithItsChildren()
    {
        Program("slow", "#!/bin/sh\nsleep 300 &\necho $! >\"$0.pid\"\nwait\n");
        using TestClient client = await _server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.Timeout, Run("short"), Plugin);
        await GoneAsync(int.Parse(await File.ReadAllTextAsync(PathOf("slow") + ".pid"), System.Globalization.CultureInfo.InvariantCulture));
        Assert.StartsWith("Timeout", _server.Audit.Records[^1].Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tool_GivenUp_IsKilled()
    {
        string pid = PathOf("slow") + ".pid";
        Program("slow", "#!/bin/sh\nmkfifo \"$0.up\"\necho $$ >\"$0.pid\"\necho up >\"$0.up\"\nexec sleep 300\n");
        using TestClient client = await _server.ConnectAsync();
        long id = await client.StartAsync(Run("slow"), Plugin);
        while (!File.Exists(PathOf("slow") + ".up"))
        {
            await Task.Yield();
        }

        Assert.Equal("up\n", await File.ReadAllTextAsync(PathOf("slow") + ".up").WaitAsync(TestTimeouts.Default));
        await client.SendAsync(new Contracts.Configurator.Wire.CancelFrame { Id = id });
        ResponseFrameAssert.Error(await client.ResponseAsync(), id, ConfiguratorErrorCode.Revoked);
        await GoneAsync(int.Parse(await File.ReadAllTextAsync(pid), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Tool_ThatLeavesAChildWithItsPipes_IsAnsweredAllTheSame()
    {
        Program("slow", "#!/bin/sh\nsleep 20 &\necho $!\n");
        using TestClient client = await _server.ConnectAsync();
        ToolOutput output = await client.GetAsync(Run("slow"), Plugin);
        Assert.Equal(0, output.ExitCode);
        System.Diagnostics.Process.GetProcessById(int.Parse(output.Output, System.Globalization.CultureInfo.InvariantCulture)).Kill();
    }

    [Fact]
    public async Task Values_OfASecretTool_StayOutOfTheAudit()
    {
        Program("say", "#!/bin/sh\necho \"$1\"\n");
        using TestClient client = await _server.ConnectAsync();
        Assert.Equal("hunter2\n", (await client.GetAsync(Run("secret", ("word", "hunter2")), Plugin)).Output);
        Assert.DoesNotContain("hunter2", _server.Audit.Records[0].Arguments, StringComparison.Ordinal);
        Assert.Contains("secret", _server.Audit.Records[0].Arguments, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_EverythingWrongWithATool_IsSaid()
    {
        var refused = Assert.Throws<PolicyException>(() => PolicyReader.Read("""
            { "version": 1, "callers": [ { "subject": "uid:1", "grants": [ { "plugin": "p", "operations": ["runAllowedTool"], "tools": [
              { "name": "a b", "path": "bin/x", "arguments": ["{nowhere}", "{", "{Bad}"], "placeholders": { "unused": "x", "N": "(" },
                "timeLimitSeconds": 0, "maxOutputBytes": 70000, "workingFolder": "../x" } ],
              "files": [ { "name": "", "folder": "etc", "file": "../x", "maxBytes": 0, "pattern": "(", "mode": "0666" } ] } ] } ] }
            """u8));
        string grant = "callers[0].grants[0].";
        string[] keys =
        [
            "tools[0].name", "tools[0].path", "tools[0].arguments[0]", "tools[0].arguments[1]", "tools[0].arguments[2]", "tools[0].placeholders.N",
            "tools[0].placeholders.unused", "tools[0].timeLimitSeconds", "tools[0].maxOutputBytes", "tools[0].workingFolder",
            "files[0].name", "files[0].folder", "files[0].file", "files[0].maxBytes", "files[0].pattern", "files[0].mode",
        ];
        Assert.All(keys, key => Assert.Contains(refused.Errors, error => error.StartsWith(grant + key + ":", StringComparison.Ordinal)));
    }

    private static RunAllowedTool Run(string name, params (string Name, string Value)[] values) =>
        new() { Name = name, Arguments = values.Length == 0 ? null : values.ToDictionary(value => value.Name, value => value.Value) };

    private static async Task GoneAsync(int pid)
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        while (File.Exists($"/proc/{pid}/stat") && !(await File.ReadAllTextAsync($"/proc/{pid}/stat", limit.Token)).Contains(") Z ", StringComparison.Ordinal))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private string PathOf(string name) => _server.Folder.File($"tools/opt/contoso/{name}");

    private string Program(string name, string script)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
