using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Threading.Channels;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Tests.Configurator;

/// <summary>A configurator on a real socket that answers as a test tells it to, and keeps what it was sent.</summary>
internal sealed class ScriptedConfigurator : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mdm-conf-");
    private readonly ConcurrentBag<Socket> _peers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ClientFrame> _received = Channel.CreateUnbounded<ClientFrame>();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    public ScriptedConfigurator() => Endpoint = Path.Combine(_folder.FullName, "root.sock");

    public string Endpoint { get; }

    public int Connections { get; private set; }

    /// <summary>Everything received after the hello.</summary>
    public ChannelReader<ClientFrame> Received => _received.Reader;

    public ServerFrame Hello { get; set; } = new ServerHello { Protocol = 1, Version = "9.9.9", Platform = "simulated", Operations = ["getNtpServer"] };

    /// <summary>Makes the answer to a request; null answers nothing.</summary>
    public Func<RequestFrame, Task<ServerFrame?>> Answer { get; set; } =
        request => Task.FromResult<ServerFrame?>(new ResponseFrame { Id = request.Id, Result = new NtpServerState("time.example.com") });

    /// <summary>Set to stop reading after the hello.</summary>
    public bool Deaf { get; set; }

    public ScriptedConfigurator Start()
    {
        File.Delete(Endpoint);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(Endpoint));
        _listener.Listen();
        _accepting = AcceptAsync(_listener);
        return this;
    }

    public void DropConnections()
    {
        while (_peers.TryTake(out Socket? peer))
        {
            peer.Dispose();
        }
    }

    public void Stop()
    {
        _listener?.Dispose();
        DropConnections();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Stop();
        await _accepting;
        _folder.Delete(recursive: true);
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket peer = await listener.AcceptAsync(_stop.Token);
                _peers.Add(peer);
                Connections++;
                _ = ServeAsync(peer);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket peer)
    {
        try
        {
            await using var stream = new NetworkStream(peer, ownsSocket: true);
            using var frames = new FrameStream(stream);
            await frames.ReadAsync(_stop.Token);
            await frames.WriteAsync(Hello, ConfiguratorJson.Default.ServerFrame, _stop.Token);
            while (!Deaf && await frames.ReadAsync(_stop.Token) is { } payload)
            {
                ClientFrame frame = ConfiguratorJson.ParseClientFrame(payload.Span);
                _received.Writer.TryWrite(frame);
                if (frame is RequestFrame request)
                {
                    _ = AnswerAsync(frames, request);
                }
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The other end, or the test, has gone.
        }
    }

    private async Task AnswerAsync(FrameStream frames, RequestFrame request)
    {
        try
        {
            if (await Answer(request) is { } answer)
            {
                await frames.WriteAsync(answer, ConfiguratorJson.Default.ServerFrame, _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The other end, or the test, has gone.
        }
    }
}
