using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests;

/// <summary>A caller with the real frames over a real socket, which can also send what is no frame.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly Socket _socket;
    private readonly FrameStream _frames;
    private long _nextId;

    private TestClient(Socket socket)
    {
        _socket = socket;
        Stream = new NetworkStream(socket, ownsSocket: true);
        _frames = new FrameStream(Stream);
    }

    public NetworkStream Stream { get; }

    /// <summary>Connects without a word.</summary>
    public static async Task<TestClient> OpenAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new TestClient(socket);
    }

    /// <summary>Connects and says hello.</summary>
    public static async Task<TestClient> ConnectAsync(string path)
    {
        TestClient client = await OpenAsync(path);
        Assert.IsType<ServerHello>(await client.HelloAsync());
        return client;
    }

    public async Task<ServerFrame?> HelloAsync(int protocol = ConfiguratorProtocol.Version)
    {
        await SendAsync(new ClientHello { Protocol = protocol, Version = "test" });
        return await ReceiveAsync();
    }

    public async Task SendAsync(ClientFrame frame) =>
        await _frames.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken);

    /// <summary>Sends any text as a frame.</summary>
    public Task SendTextAsync(string text) => SendBytesAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendBytesAsync(byte[] payload)
    {
        byte[] frame = new byte[payload.Length + 4];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)payload.Length);
        payload.CopyTo(frame, 4);
        await Stream.WriteAsync(frame);
    }

    /// <summary>The next frame; null when the server closed.</summary>
    public async Task<ServerFrame?> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        return await _frames.ReadAsync(limit.Token) is { } payload ? ConfiguratorJson.ParseServerFrame(payload.Span) : null;
    }

    public async Task<ResponseFrame> ResponseAsync() => Assert.IsType<ResponseFrame>(await ReceiveAsync());

    public async Task<long> StartAsync(ConfiguratorRequest request, string plugin = "modulardm.test", long lease = 0, int deadlineMs = 20_000, string? traceparent = null)
    {
        long id = ++_nextId;
        await SendAsync(new RequestFrame { Id = id, Plugin = plugin, Lease = lease, DeadlineMs = deadlineMs, Traceparent = traceparent, Request = request });
        return id;
    }

    public async Task<ResponseFrame> AskAsync(ConfiguratorRequest request, string plugin = "modulardm.test", long lease = 0, int deadlineMs = 20_000, string? traceparent = null)
    {
        long id = await StartAsync(request, plugin, lease, deadlineMs, traceparent);
        ResponseFrame response = await ResponseAsync();
        Assert.Equal(id, response.Id);
        return response;
    }

    /// <summary>Asks and expects success.</summary>
    public async Task<T> GetAsync<T>(ConfiguratorRequest<T> request, string plugin = "modulardm.test")
        where T : ConfiguratorResponse
    {
        ResponseFrame response = await AskAsync(request, plugin);
        Assert.Null(response.Error);
        return Assert.IsType<T>(response.Result);
    }

    /// <summary>Asks and expects to be refused.</summary>
    public async Task<ConfiguratorError> FailAsync(ConfiguratorErrorCode code, ConfiguratorRequest request, string plugin = "modulardm.test")
    {
        ResponseFrame response = await AskAsync(request, plugin);
        Assert.NotNull(response.Error);
        Assert.Null(response.Result);
        Assert.Equal(code, response.Error.Code);
        return response.Error;
    }

    public void Dispose()
    {
        _frames.Dispose();
        Stream.Dispose();
        _socket.Dispose();
    }
}
