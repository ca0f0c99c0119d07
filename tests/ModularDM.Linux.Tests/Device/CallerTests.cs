using System.Net.Sockets;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Device;

[Collection<SettingsCollection>]
public sealed class CallerTests(LinuxDevice device)
{
    private const uint Nobody = 65534;

    [Fact]
    public async Task Caller_OfAnotherUser_DoesNotReachTheSocket()
    {
        string path = device.SocketPath;
        SocketError error = await EffectiveUser.RunAs(Nobody, () =>
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            return Assert.Throws<SocketException>(() => socket.Connect(new UnixDomainSocketEndPoint(path))).SocketErrorCode;
        });
        Assert.Equal(SocketError.AccessDenied, error);
    }

    [Fact]
    public async Task Caller_OfAnotherUserWhoReachesTheSocket_IsRefusedByThePolicy()
    {
        string path = device.SocketPath;
        UnixFileMode mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, mode | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        try
        {
            Socket connected = await EffectiveUser.RunAs(Nobody, () =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return socket;
            });
            using var client = new ConfiguratorClient(connected);
            ConfiguratorError? error = Assert.IsType<ResponseFrame>(await client.GreetAsync()).Error;
            Assert.Equal(ConfiguratorErrorCode.Denied, error?.Code);
            Assert.Contains("uid:65534", error!.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    [Fact]
    public async Task Configurator_KilledInTheMiddleOfAChange_ServesAgainAndTheChangeCanBeMade()
    {
        var off = new TimeServiceSettings { Enabled = false, Startup = ServiceStartup.Manual, Started = false };
        var on = new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = true };
        int cutOff = 0;
        for (int round = 0; round < 3; round++)
        {
            await device.SendAsync(Wish(on));
            SystemdContainer container = device.Container;
            Task<ResponseFrame?> change = device.TrySendAsync(Wish(off));
            // Later in each round, so that different steps are cut off.
            await Task.Delay(TimeSpan.FromMilliseconds(90 * round), TimeProvider.System, TestContext.Current.CancellationToken);
            _ = (await container.RunAsync("systemctl", "kill", "--signal=KILL", LinuxDevice.Service)).Text;
            cutOff += await change is null ? 1 : 0;
            device.Disconnect();

            Assert.NotNull(await device.SendAsync(new GetTimeService()));
            await device.SendAsync(Wish(off));
            Assert.Equal(off, (await device.SendAsync(new GetTimeService())).Actual);
        }

        Assert.True(cutOff > 0, "No round killed the configurator before it had answered.");
    }

    private static SetTimeService Wish(TimeServiceSettings settings) => new() { Settings = settings, Source = PolicySource.Remote, Priority = PolicySource.Remote };
}
