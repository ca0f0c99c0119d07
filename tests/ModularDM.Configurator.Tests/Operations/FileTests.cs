using System.Diagnostics;
using System.Runtime.Versioning;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Platform.Linux.Files;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Operations;

[SupportedOSPlatform("linux")]
public sealed class FileTests : IDisposable
{
    private const string Plugin = "contoso.calibration";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task File_Granted_IsReplacedWithItsMode()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new WriteAllowedFile { Name = "calibration", Contents = "{ \"a\": 1 }" }, Plugin);
        await client.GetAsync(new WriteAllowedFile { Name = "calibration", Contents = "{ \"a\": 2 }" }, Plugin);
        await client.GetAsync(new WriteAllowedFile { Name = "deep", Contents = "x\n" }, Plugin);
        string path = server.Folder.File("files/etc/contoso/calibration.json");
        Assert.Equal("{ \"a\": 2 }", await File.ReadAllTextAsync(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
        Assert.Equal("x\n", await File.ReadAllTextAsync(server.Folder.File("files/etc/contoso/a/b.conf")));
        Assert.Equal(["calibration.json"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
        Assert.Contains("SHA-256", server.Audit.Records[0].Arguments, StringComparison.Ordinal);
        Assert.DoesNotContain("SHA-256", server.Audit.Records[4].Arguments, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("calibration", "{", "no JSON")]
    [InlineData("calibration", "{} {}", "no JSON")]
    [InlineData("deep", "ABC", "pattern")]
    [InlineData("deep", "abcdefghijklmnopqrstuvwxyz", "maxBytes")]
    [InlineData("../../etc/passwd", "x", "add to the files")]
    public async Task Contents_OutsideThePolicy_AreDeniedInWords(string name, string contents, string said)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.Denied, new WriteAllowedFile { Name = name, Contents = contents }, Plugin);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(server.Folder.File("files")));
    }

    [Fact]
    public void Link_OnTheWay_IsNotFollowed()
    {
        string secret = _folder.Write("secret", "untouched");
        Directory.CreateDirectory(_folder.File("real/sub"));
        Directory.CreateSymbolicLink(_folder.File("link"), _folder.File("real"));
        Directory.CreateSymbolicLink(_folder.File("real/away"), _folder.File("real/sub"));
        File.CreateSymbolicLink(_folder.File("real/passwd"), secret);
        // What a stranger may have put where the temporary file goes.
        File.CreateSymbolicLink(_folder.File("real/.good.modulardm-next"), secret);

        Assert.Equal(ConfiguratorErrorCode.Denied, Refused(_folder.File("link"), "x").Code);
        Assert.Equal(ConfiguratorErrorCode.Denied, Refused(_folder.File("real"), "away/x").Code);
        Assert.Equal(ConfiguratorErrorCode.Denied, Refused(_folder.File("real"), "passwd").Code);
        Assert.Equal(ConfiguratorErrorCode.Denied, Refused(_folder.File("real"), "sub").Code);
        Assert.Equal(ConfiguratorErrorCode.NotFound, Refused(_folder.File("absent"), "x").Code);
        Assert.NotEqual(ConfiguratorErrorCode.BadFrame, Refused(_folder.File("real"), "../secret").Code);
        Write(_folder.File("real"), "good", "new");
        Assert.Equal("new", File.ReadAllText(_folder.File("real/good")));
        Assert.Equal("untouched", File.ReadAllText(secret));
    }

    [Fact]
    public void Owner_ByThePolicy_IsGiven()
    {
        Assert.SkipUnless(Posix.EffectiveUid == 0, "Only root can give a file away.");
        new LinuxFiles().Write(Granted(_folder.Path, "x") with { Owner = "65534", Group = "65534", Mode = UnixFileMode.UserRead }, "a"u8.ToArray(), Context());
        Assert.Equal(new Posix.Ownership(65534, 65534, UnixFileMode.UserRead), Posix.OwnershipOf(_folder.File("x")));
        Assert.Contains("no such account", Assert.Throws<ConfiguratorException>(
            () => new LinuxFiles().Write(Granted(_folder.Path, "x") with { Owner = "no such account" }, "b"u8.ToArray(), Context())).Message, StringComparison.Ordinal);
        Assert.Equal("a", File.ReadAllText(_folder.File("x")));
    }

    [Fact]
    public void Disk_Full_LeavesTheOldFileAndNothingElse()
    {
        Assert.SkipUnless(Posix.EffectiveUid == 0, "Only root can mount a small disk.");
        string disk = _folder.File("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0, "A small tmpfs cannot be mounted here.");
        try
        {
            Write(disk, "x", "old");
            ConfiguratorException refused = Assert.Throws<ConfiguratorException>(() => Write(disk, "x", new string('n', 200_000)));
            Assert.Contains("no room", refused.Message, StringComparison.Ordinal);
            Assert.Equal("old", File.ReadAllText(Path.Combine(disk, "x")));
            Assert.Single(Directory.GetFiles(disk));
            Write(disk, "x", "newer");
        }
        finally
        {
            Assert.Equal(0, Run("umount", disk));
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        Assert.True(process.WaitForExit(TestTimeouts.Default));
        return process.ExitCode;
    }

    private static OperationContext Context() => new("writeAllowedFile", TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);

    private static GrantedFile Granted(string folder, string file) =>
        new("f", folder, file, null) { MaxBytes = int.MaxValue, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };

    private static void Write(string folder, string file, string contents) =>
        new LinuxFiles().Write(Granted(folder, file), System.Text.Encoding.UTF8.GetBytes(contents), Context());

    private static ConfiguratorError Refused(string folder, string file) => Assert.Throws<ConfiguratorException>(() => Write(folder, file, "evil")).Error;
}
