using System.Net;
using System.Net.Sockets;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>Passes bytes on until it is told to swallow them: no byte, no FIN and no RST arrives from then on.</summary>
internal sealed class BlackHoleProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _pumps = [];
    private readonly Task _accepting;
    private volatile bool _swallowing;

    public BlackHoleProxy(int target, string address = "127.0.0.1")
    {
        _listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync(target);
    }

    public int Port { get; }

    /// <summary>Swallows what comes on the connections that are open now; later ones work.</summary>
    public void Swallow() => _swallowing = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_pumps);
    }

    private async Task AcceptAsync(int target)
    {
        try
        {
            while (true)
            {
                Socket device = await _listener.AcceptAsync(_stop.Token);
                bool isFirst = _pumps.Count == 0;
                var hub = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await hub.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), _stop.Token);
                _pumps.Add(PumpAsync(device, hub, isFirst));
                _pumps.Add(PumpAsync(hub, device, isFirst));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool mayBeSwallowed)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and int got)
            {
                if (!_swallowing || !mayBeSwallowed)
                {
                    await to.SendAsync(buffer.AsMemory(0, got), _stop.Token);
                }
            }

            if (!_swallowing || !mayBeSwallowed)
            {
                to.Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            to.Dispose();
        }
    }
}
