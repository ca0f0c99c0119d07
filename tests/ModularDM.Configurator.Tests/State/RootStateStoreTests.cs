using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.State;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.State;

public sealed class RootStateStoreTests
{
    private static readonly ServerLog s_log = new(TextWriter.Null);

    [Fact]
    public void Update_Reopened_IsStillThere()
    {
        using var folder = new TemporaryFolder();
        var until = new DateTimeOffset(2031, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var settings = new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Manual, Started = false };
        new RootStateStore(folder.Path, s_log).Update(state => state with
        {
            RebootLeases = new Dictionary<string, DateTimeOffset> { ["modulardm.a"] = until },
            LastRebootCommand = until,
            LocalTimeService = settings,
            TimeServicePriority = PolicySource.Local,
        });
        RootState read = new RootStateStore(folder.Path, s_log).Current;
        Assert.Equal(until, read.RebootLeases["modulardm.a"]);
        Assert.Equal(until, read.LastRebootCommand);
        Assert.Equal(settings, read.LocalTimeService);
        Assert.Null(read.RemoteTimeService);
        Assert.Equal(PolicySource.Local, read.TimeServicePriority);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("root-state.json")));
    }

    [Fact]
    public void Load_FileCutAtEveryByte_FallsBackToTheGenerationBefore()
    {
        using var folder = new TemporaryFolder();
        var store = new RootStateStore(folder.Path, s_log);
        var first = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero);
        store.Update(state => state with { LastRebootCommand = first });
        store.Update(state => state with { LastRebootCommand = first.AddDays(1) });
        string path = folder.File("root-state.json");
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Equal(first, new RootStateStore(folder.Path, s_log).Current.LastRebootCommand);
        }

        File.WriteAllBytes(path, whole);
        Assert.Equal(first.AddDays(1), new RootStateStore(folder.Path, s_log).Current.LastRebootCommand);
    }

    [Fact]
    public void Load_BothGenerationsGone_StartsAnew()
    {
        using var folder = new TemporaryFolder();
        folder.Write("root-state.json", "{ \"lastRebootCommand\": 5 }");
        folder.Write("root-state.json.previous", "\0");
        var log = new StringWriter();
        Assert.Null(new RootStateStore(folder.Path, new ServerLog(log)).Current.LastRebootCommand);
        Assert.Equal(2, log.ToString().Split("StateDamaged").Length - 1);
    }

    [Fact]
    public void Simulated_FileCutAtEveryByte_Starts()
    {
        using var folder = new TemporaryFolder();
        using (var device = new SimulatedDevice(folder.Path, TimeProvider.System))
        {
            device.Update(state => state with { NtpServer = "a.example.com" });
            device.Update(state => state with { NtpServer = "b.example.com" });
        }

        string path = folder.File("simulated.json");
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            using var device = new SimulatedDevice(folder.Path, TimeProvider.System);
            Assert.Equal("a.example.com", device.Current.NtpServer);
        }
    }
}
