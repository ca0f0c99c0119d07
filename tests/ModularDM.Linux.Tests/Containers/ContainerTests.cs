namespace ModularDM.Linux.Tests.Containers;

public sealed class ContainerTests
{
    [Fact]
    public async Task Container_BootedAndRebooted_IsCleanAfterwards()
    {
        Assert.SkipUnless(SystemdContainer.Unavailable is null, SystemdContainer.Unavailable ?? "");
        SystemdContainer container = await SystemdContainer.BootAsync();
        string share = container.Share;
        int leader = container.Leader;
        await using (container)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"boot {container.BootTime}");
            Assert.Equal("1", (await container.RunAsync("sh", "-c", "readlink /proc/self/ns/pid > /dev/null && cat /proc/1/stat | cut -d' ' -f1")).Text);
            string first = (await container.RunAsync("cat", "/etc/machine-id")).Text;
            await container.RebootAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"boot {container.BootTime}");
            Assert.Equal(first, (await container.RunAsync("cat", "/etc/machine-id")).Text);
        }

        Assert.False(Directory.Exists(share));
        Assert.False(Directory.Exists($"/proc/{leader}"));
        Assert.DoesNotContain(Path.GetDirectoryName(share)!, await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
    }
}
