using System.Net.Sockets;
using System.Runtime.InteropServices;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Linux;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Platform;

/// <summary>Buses that are not there, do not answer or talk nonsense. The address is the process's, so these tests run one after the other.</summary>
public sealed partial class SystemBusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdm-bus-").FullName;

    public SystemBusTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libsystemd.so.0", out _), "This machine has no libsystemd.");
        _ = setenv("DBUS_SYSTEM_BUS_ADDRESS", $"unix:path={_folder}/bus", 1);
    }

    [Fact]
    public void Bus_ThatIsNotThere_IsNotSupportedInWords()
    {
        using var platform = new LinuxPlatform();
        ConfiguratorException error = Assert.Throws<ConfiguratorException>(() => platform.TimeZone!.Read(Context(TimeSpan.FromSeconds(10))));
        Assert.Equal(ConfiguratorErrorCode.NotSupported, error.Code);
        Assert.Contains("no running system bus", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeviceInfo_WithoutABus_IsStillThere()
    {
        using var platform = new LinuxPlatform();
        DeviceInfoValues info = platform.DeviceInfo!.Read(Context(TimeSpan.FromSeconds(10)));
        Assert.StartsWith("Linux ", info.Platform, StringComparison.Ordinal);
        Assert.NotEqual("<error>", info.TotalMemory);
        Assert.Equal("unknown", info.Type);
    }

    [Fact]
    public void LastBoot_WithoutABus_IsTheKernels()
    {
        using var platform = new LinuxPlatform();
        DateTimeOffset boot = platform.Reboot!.ReadLastBoot(Context(TimeSpan.FromSeconds(10)));
        Assert.InRange(boot, DateTimeOffset.UnixEpoch.AddYears(30), TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public void Bus_ThatNeverAnswers_CostsTheDeadlineAndNoMore()
    {
        using Socket listener = Listen();
        long start = TimeProvider.System.GetTimestamp();
        ConfiguratorException error = Assert.Throws<ConfiguratorException>(() => SystemBus.Open(Context(TimeSpan.FromMilliseconds(400))));
        Assert.Equal(ConfiguratorErrorCode.Timeout, error.Code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromMilliseconds(350), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Bus_WhoseCallerGivesUp_IsLeftSoon()
    {
        using Socket listener = Listen();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        var context = new OperationContext("test", TimeSpan.FromMinutes(5), TimeProvider.System, cancellation.Token);
        Assert.Equal(ConfiguratorErrorCode.Revoked, Assert.Throws<ConfiguratorException>(() => SystemBus.Open(context)).Code);
    }

    [Fact]
    public async Task Bus_ThatTalksNonsense_IsAFailure()
    {
        using Socket listener = Listen();
        Task serving = Task.Run(async () =>
        {
            using Socket accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
            await accepted.SendAsync(new byte[4096], TestContext.Current.CancellationToken);
        });
        ConfiguratorException error = Assert.Throws<ConfiguratorException>(() => SystemBus.Open(Context(TimeSpan.FromSeconds(10))));
        Assert.True(error.Code is ConfiguratorErrorCode.Failed or ConfiguratorErrorCode.Denied, error.Error.ToString());
        await serving;
    }

    public void Dispose()
    {
        _ = unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        Directory.Delete(_folder, recursive: true);
    }

    private static OperationContext Context(TimeSpan limit) => new("test", limit, TimeProvider.System, CancellationToken.None);

    private Socket Listen()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "bus")));
        listener.Listen();
        return listener;
    }

    // The runtime's own Environment keeps a copy that C libraries do not see.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);
}
