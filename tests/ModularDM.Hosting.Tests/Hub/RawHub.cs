using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>
/// The other end of MQTT 3.1.1 by the byte, over TLS or over a WebSocket in TLS: it takes any subscription, acknowledges, answers pings, and leaves what is published to
/// the test. It uses neither the product's code nor an MQTT library.
/// </summary>
internal sealed class RawHub : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<RawLink> _links = Channel.CreateUnbounded<RawLink>();
    private readonly List<Task> _serving = [];
    private readonly bool _webSocket;
    private readonly Task _accepting;

    public RawHub(bool webSocket = false)
    {
        _webSocket = webSocket;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>What CONNACK says.</summary>
    public byte ConnectCode { get; set; }

    /// <summary>Links whose CONNECT was read, accepted or not.</summary>
    public ChannelReader<RawLink> Links => _links.Reader;

    /// <summary>Is given each PUBLISH, after its PUBACK was sent.</summary>
    public Func<RawLink, string, byte[], Task> OnPublish { get; set; } = (_, _, _) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_accepting.IsCompleted)
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving);
        _stop.Dispose();
    }

    // A device's certificate is noted, whoever signed it; a device may come without one.
    private static bool TakeAny(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable);

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

    private async Task ServeAsync(TcpClient socket)
    {
        using TcpClient owned = socket;
        try
        {
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = TestAuthority.Server, ClientCertificateRequired = true, RemoteCertificateValidationCallback = TakeAny },
                _stop.Token);
            string? path = null;
            Stream stream = _webSocket ? await UpgradeAsync(tls, seen => path = seen) : tls;
            var link = new RawLink(stream, tls.RemoteCertificate?.GetCertHashString(HashAlgorithmName.SHA256), path);
            await link.ServeAsync(ConnectCode, (link, topic, body) => OnPublish(link, topic, body), link => _links.Writer.TryWrite(link), _stop.Token);
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or SocketException or WebSocketException or ObjectDisposedException)
        {
            // The device went away, or the test is over.
        }
    }

    private async Task<Stream> UpgradeAsync(SslStream tls, Action<string> seen)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await tls.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n");
        string Header(string name) => lines.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim() ?? "";
        seen($"{lines[0].Split(' ')[1]} {Header("Sec-WebSocket-Protocol")}");
#pragma warning disable CA5350 // RFC 6455 asks for SHA-1.
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(Header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await tls.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"),
            _stop.Token);
        return new WebSocketBytes(WebSocket.CreateFromStream(tls, new WebSocketCreationOptions { IsServer = true, SubProtocol = "mqtt" }));
    }

    /// <summary>A WebSocket's binary frames as one stream of bytes.</summary>
    private sealed class WebSocketBytes(WebSocket socket) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            (await socket.ReceiveAsync(buffer, cancellationToken)).Count;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            socket.SendAsync(buffer, WebSocketMessageType.Binary, true, cancellationToken);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
