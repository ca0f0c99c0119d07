using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Package;

/// <summary>The package's life on a device with a real systemd: installed, provisioned, connected, upgraded, removed, purged.</summary>
public sealed class PackageTests
{
    private const string Host = "modulardm-host.service";
    private const string Share = SystemdContainer.ShareInside;
    private static readonly string[] s_state = ["/var/lib/modulardm", "/var/lib/modulardm-configurator", "/etc/modulardm"];

    [Fact]
    public async Task Package_FromInstallToPurge_ConnectsKeepsItsStateAndLeavesNothing()
    {
        string? obstacle = SystemdContainer.Unavailable ?? DebianPackage.Unavailable;
        Assert.SkipWhen(obstacle is not null, obstacle ?? "");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("mdm-package-");
        try
        {
            (string package, string upgrade) = await DebianPackage.PrepareAsync(folder.FullName);
            await using SystemdContainer container = await SystemdContainer.BootAsync();
            await using NeighbourHub hub = await NeighbourHub.StartAsync(container, Path.Combine(folder.FullName, "hub"));

            await InstallAsync(container, package);
            Assert.Equal("active", await StateOfAsync(container, "modulardm-configurator.socket"));
            Assert.Equal("no", (await container.RunAsync("systemctl", "show", "--value", "--property=ConditionResult", Host)).Text);

            await ProvisionAsync(container, hub);
            await hub.DesireAsync("""{"windows":{"timeInfo":{"timeZoneKeyName":"Europe/Rome"}}}""");
            _ = (await container.RunAsync("systemctl", "restart", "--no-block", Host)).Text;
            await InForceAsync(container, hub, "Europe/Rome");
            Assert.Equal("modulardm", (await container.RunAsync("ps", "-o", "user=", "-C", "mdm-host")).Text);

            string before = await MainProcessAsync(container);
            string state = (await container.RunAsync("sh", "-c", "ls /var/lib/modulardm/twin-*.state")).Text;
            await InstallAsync(container, upgrade);
            Assert.Equal(state, (await container.RunAsync("sh", "-c", "ls /var/lib/modulardm/twin-*.state")).Text);
            await hub.DesireAsync("""{"windows":{"timeInfo":{"timeZoneKeyName":"Asia/Kolkata"}}}""");
            await InForceAsync(container, hub, "Asia/Kolkata");
            Assert.NotEqual(before, await MainProcessAsync(container));

            _ = (await container.RunAsync("apt-get", "remove", "--yes", "modulardm")).Text;
            Assert.Equal("inactive", await StateOfAsync(container, Host));
            Assert.Equal("inactive", await StateOfAsync(container, "modulardm-configurator.socket"));
            Assert.False(Exists(container, "/usr/lib/modulardm"));
            Assert.All(s_state, path => Assert.True(Exists(container, path), path));

            _ = (await container.RunAsync("apt-get", "purge", "--yes", "modulardm")).Text;
            Assert.All(s_state, path => Assert.False(Exists(container, path), path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // dpkg is told, since nobody is there to be asked; the answer it would offer first is the same: the administrator's file stays.
    private static async Task InstallAsync(SystemdContainer container, string package)
    {
        File.Copy(package, Path.Combine(container.Share, Path.GetFileName(package)));
        CommandResult result = await container.RunAsync(
            "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", $"{Share}/{Path.GetFileName(package)}");
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        File.Delete(Path.Combine(container.Share, Path.GetFileName(package)));
    }

    private static async Task ProvisionAsync(SystemdContainer container, NeighbourHub hub)
    {
        File.Copy(hub.CaFile, Path.Combine(container.Share, "ca.pem"));
        File.SetUnixFileMode(Path.Combine(container.Share, "ca.pem"), UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await File.WriteAllTextAsync(Path.Combine(container.Share, "host.json"), $$"""{"Hub":{"CaFile":"{{Share}}/ca.pem"} }""");
        _ = (await container.RunAsync("cp", $"{Share}/host.json", "/etc/modulardm/host.json")).Text;
        string file = Path.Combine(container.Share, "connection-string");

        string wrong = Convert.ToBase64String(new byte[32]);
        int key = hub.DeviceConnectionString.IndexOf("SharedAccessKey=", StringComparison.Ordinal) + "SharedAccessKey=".Length;
        await File.WriteAllTextAsync(file, hub.DeviceConnectionString[..key] + wrong);
        CommandResult refused = await container.RunAsync("mdm-host", "provision", "--connection-string-file", $"{Share}/connection-string");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Nothing was changed", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(wrong, refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.False(Exists(container, "/etc/modulardm/hub.json"));
        Assert.Empty((await container.RunAsync("ls", "-A", "/etc/modulardm/secrets")).Text);

        await File.WriteAllTextAsync(file, hub.DeviceConnectionString);
        string accepted = (await container.RunAsync("mdm-host", "provision", "--connection-string-file", $"{Share}/connection-string")).Text;
        Assert.Contains($"Connected as {NeighbourHub.DeviceId} at localhost", accepted, StringComparison.Ordinal);
        Assert.Equal("640 root modulardm", (await container.RunAsync("stat", "-c", "%a %U %G", "/etc/modulardm/secrets/hub-connection-string")).Text);
        Assert.Equal("2750 root modulardm", (await container.RunAsync("stat", "-c", "%a %U %G", "/etc/modulardm/secrets")).Text);
    }

    // From the hub through the packaged host, its plugin, root's socket, policy and D-Bus, and back.
    private static async Task InForceAsync(SystemdContainer container, NeighbourHub hub, string zone)
    {
        try
        {
            // Active, and not still starting: the host has told systemd that it is ready.
            _ = (await container.RunAsync("timeout", "25", "systemctl", "start", Host)).Text;
            await hub.ReportedAsync(reported => reported["windows"]?["timeInfo"]?["lastChange"]?["state"]?.ToString() == "completed"
                && File.Exists("/usr/share/zoneinfo/" + zone) && LinkOf(container) == $"../usr/share/zoneinfo/{zone}");
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            CommandResult log = await container.RunAsync("journalctl", "--no-pager", "--lines=60");
            Assert.Fail($"{e.Message}\n{log.Output}");
        }
    }

    private static string RootOf(SystemdContainer container) => $"/proc/{container.Leader}/root";

    private static string? LinkOf(SystemdContainer container) => new FileInfo(RootOf(container) + "/etc/localtime").LinkTarget;

    private static bool Exists(SystemdContainer container, string path) => Path.Exists(RootOf(container) + path);

    private static async Task<string> StateOfAsync(SystemdContainer container, string unit) => (await container.RunAsync("systemctl", "is-active", unit)).Output.Trim();

    private static async Task<string> MainProcessAsync(SystemdContainer container) =>
        (await container.RunAsync("systemctl", "show", "--value", "--property=MainPID", Host)).Text;
}
