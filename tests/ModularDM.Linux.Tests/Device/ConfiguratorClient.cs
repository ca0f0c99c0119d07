using System.Net.Sockets;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Linux.Tests.Device;

/// <summary>Speaks the wire to a configurator, one request at a time.</summary>
internal sealed class ConfiguratorClient : IDisposable
{
    public const string Plugin = "contoso.tests";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly FrameStream _frames;
    private long _lastId;

    public ConfiguratorClient(Socket connected)
    {
        _socket = connected;
        _stream = new NetworkStream(connected);
        _frames = new FrameStream(_stream);
    }

    public static async Task<ConfiguratorClient> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new ConfiguratorClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <returns>The server's hello, or the response that refuses the connection; null when it closed.</returns>
    public async Task<ServerFrame?> GreetAsync()
    {
        await _frames.WriteAsync<ClientFrame>(
            new ClientHello { Protocol = ConfiguratorProtocol.Version, Version = "tests" }, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        return await ReadAsync();
    }

    /// <returns>Null when the server closed without an answer.</returns>
    public async Task<ResponseFrame?> SendAsync(ConfiguratorRequest request, int deadlineMs = 30_000)
    {
        await _frames.WriteAsync<ClientFrame>(
            new RequestFrame { Id = ++_lastId, Plugin = Plugin, DeadlineMs = deadlineMs, Request = request }, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        return (ResponseFrame?)await ReadAsync();
    }

    public void Dispose()
    {
        _frames.Dispose();
        _stream.Dispose();
        _socket.Dispose();
    }

    private async Task<ServerFrame?> ReadAsync()
    {
        using var limit = new CancellationTokenSource(s_limit, TimeProvider.System);
        return await _frames.ReadAsync(limit.Token) is { } payload ? ConfiguratorJson.ParseServerFrame(payload.Span) : null;
    }
}
