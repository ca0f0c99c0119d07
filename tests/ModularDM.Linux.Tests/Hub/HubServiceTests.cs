using System.Reflection;
using System.Text.Json;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Hub;

/// <summary>The local hub as the unit in <c>packaging/systemd</c> runs it.</summary>
public sealed class HubServiceTests
{
    private const string Unit = "modulardm-hub.service";
    private const string ReadyFile = "/run/modulardm-hub/ready.json";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Service_StartedKilledAndStopped_KeepsItsKeysAndTellsNobody()
    {
        Assert.SkipWhen(SystemdContainer.Unavailable is not null, SystemdContainer.Unavailable ?? "");
        await using SystemdContainer container = await SystemdContainer.BootAsync(Install);

        _ = (await container.RunAsync("systemctl", "start", Unit)).Text;
        JsonElement first = await ReadyAsync(container);
        string before = await PropertyAsync(container, "MainPID");
        Assert.NotEqual("0", (await container.RunAsync("stat", "--format=%u", $"/proc/{before}")).Text.Trim());
        Assert.Equal("thermostat", Assert.Single(first.GetProperty("devices").EnumerateArray()).GetProperty("deviceId").GetString());

        _ = (await container.RunAsync("rm", ReadyFile)).Text;
        _ = (await container.RunAsync("systemctl", "kill", "--signal=KILL", Unit)).Text;
        JsonElement second = await ReadyAsync(container);
        Assert.NotEqual(before, await PropertyAsync(container, "MainPID"));
        Assert.Equal(first.GetProperty("serviceConnectionString").GetString(), second.GetProperty("serviceConnectionString").GetString());
        Assert.Equal(first.GetProperty("devices").GetRawText(), second.GetProperty("devices").GetRawText());

        _ = (await container.RunAsync("systemctl", "stop", Unit)).Text;
        Assert.Equal("success", await PropertyAsync(container, "Result"));
        Assert.DoesNotContain("SharedAccessKey", (await container.RunAsync("journalctl", "--no-pager", "--boot")).Text, StringComparison.Ordinal);
    }

    private static void Install(OverlayRoot root)
    {
        string packaging = Path.Combine(
            typeof(HubServiceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "RepositoryRoot").Value!, "packaging/systemd", Unit);
        string unit = File.ReadAllText(packaging);
        const string program = "/usr/lib/modulardm-hub/mdm-hub ";
        Assert.Contains("ExecStart=" + program, unit, StringComparison.Ordinal);

        // The same unit, but for the program: the one that was built here, on this machine's runtime.
        root.Write(
            "/etc/systemd/system/" + Unit,
            unit.Replace(program, $"{SystemdContainer.DotnetInside} {SystemdContainer.ProgramsInside}/mdm-hub.dll --device thermostat ", StringComparison.Ordinal));
    }

    private static async Task<string> PropertyAsync(SystemdContainer container, string name) =>
        (await container.RunAsync("systemctl", "show", "--value", "--property=" + name, Unit)).Text.Trim();

    private static async Task<JsonElement> ReadyAsync(SystemdContainer container)
    {
        using var limit = new CancellationTokenSource(s_limit, TimeProvider.System);
        while (true)
        {
            CommandResult file = await container.RunAsync("cat", ReadyFile);
            if (file.Output.Length > 0)
            {
                return JsonElement.Parse(file.Output);
            }

            if (limit.IsCancellationRequested)
            {
                CommandResult log = await container.RunAsync("journalctl", "--no-pager", "--lines=40", "--unit", Unit);
                throw new TimeoutException($"The hub does not become ready: {log.Output}{log.Error}");
            }

            await Task.Delay(s_poll, TimeProvider.System, CancellationToken.None);
        }
    }
}
