using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>An HTTP proxy that knows CONNECT, and asks for a user and password if it is given one.</summary>
internal sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _tunnels = Channel.CreateUnbounded<string>();
    private readonly List<Task> _serving = [];
    private readonly string? _expected;
    private readonly Task _accepting;

    public ConnectProxy(string? credentials = null)
    {
        _expected = credentials is null ? null : "Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Targets of the tunnels that were opened.</summary>
    public ChannelReader<string> Tunnels => _tunnels.Reader;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient owned = client;
        try
        {
            NetworkStream stream = client.GetStream();
            while (true)
            {
                string head = await ReadHeadAsync(stream);
                if (_expected is not null && !head.Contains(_expected, StringComparison.Ordinal))
                {
                    await stream.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _stop.Token);
                    continue;
                }

                string target = head.Split(' ')[1];
                using var hub = new TcpClient();
                await hub.ConnectAsync(IPEndPoint.Parse(target.Replace("localhost", "127.0.0.1", StringComparison.Ordinal)), _stop.Token);
                await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
                _tunnels.Writer.TryWrite(target);
                await Task.WhenAny(stream.CopyToAsync(hub.GetStream(), _stop.Token), hub.GetStream().CopyToAsync(stream, _stop.Token));
                return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The device went away, or the test is over.
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
