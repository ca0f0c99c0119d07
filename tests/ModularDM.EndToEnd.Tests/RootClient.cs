using System.Net.Sockets;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.EndToEnd.Tests;

/// <summary>Asks root directly, past host and hub: an independent read of the platform.</summary>
internal sealed class RootClient : IDisposable
{
    private readonly NetworkStream _stream;
    private readonly FrameStream _frames;
    private long _nextId;

    private RootClient(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _frames = new FrameStream(_stream);
    }

    public static async Task<RootClient> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        var client = new RootClient(socket);
        await client.SendAsync(new ClientHello { Protocol = ConfiguratorProtocol.Version, Version = "test" });
        Assert.IsType<ServerHello>(await client.ReceiveAsync());
        return client;
    }

    public async Task<T> GetAsync<T>(ConfiguratorRequest<T> request, string plugin)
        where T : ConfiguratorResponse
    {
        await SendAsync(new RequestFrame { Id = ++_nextId, Plugin = plugin, DeadlineMs = 20_000, Request = request });
        ResponseFrame response = Assert.IsType<ResponseFrame>(await ReceiveAsync());
        Assert.Null(response.Error);
        return Assert.IsType<T>(response.Result);
    }

    public void Dispose()
    {
        _frames.Dispose();
        _stream.Dispose();
    }

    private async Task SendAsync(ClientFrame frame) => await _frames.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken);

    private async Task<ServerFrame> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default, TimeProvider.System);
        ReadOnlyMemory<byte>? payload = await _frames.ReadAsync(limit.Token);
        return ConfiguratorJson.ParseServerFrame(Assert.NotNull(payload).Span);
    }
}
