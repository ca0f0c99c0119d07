using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ModularDM.Hub.Local;

namespace ModularDM.Hub.Tests.Local;

/// <summary>
/// A device of bytes on a TLS socket, written down from the MQTT 3.1.1 specification: no MQTT library and no topic code of the product's, so that device and
/// hub cannot share a mistake.
/// </summary>
internal sealed class WireDevice : IAsyncDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private SslStream? _tls;

    public WireDevice(string id = "") => Id = id;

    public string Id { get; }

    /// <summary>The bytes that wait on the socket, below TLS.</summary>
    public int Waiting => _socket.Available;

    /// <summary>A device that is connected and was answered <c>CONNACK 0</c>.</summary>
    public static async Task<WireDevice> ConnectedAsync(HubFixture fixture, ushort keepAlive = 0)
    {
        var device = new WireDevice(await fixture.NewDeviceAsync());
        Assert.Equal([0x20, 0x02, 0x00, 0x00], await device.ConnectAsync(fixture, keepAlive));
        return device;
    }

    /// <summary>A link that is open and has sent nothing.</summary>
    public static async Task<WireDevice> OpenedAsync(LocalHub hub)
    {
        var device = new WireDevice();
        await device.OpenAsync(hub);
        return device;
    }

    public Task OpenAsync(LocalHub hub) => OpenAsync("localhost", hub.MqttPort, hub.CaFile);

    /// <param name="host">Where, over IPv4.</param>
    /// <param name="port">Which port.</param>
    /// <param name="caFile">What to trust.</param>
    /// <param name="leaf">A client certificate to show.</param>
    /// <param name="intermediates">What to show beside it.</param>
    public async Task OpenAsync(string host, int port, string caFile, X509Certificate2? leaf = null, X509Certificate2Collection? intermediates = null)
    {
        using var limit = new CancellationTokenSource(s_backstop);
        await _socket.ConnectAsync(host, port, limit.Token);
        _tls = new SslStream(new NetworkStream(_socket, ownsSocket: false), leaveInnerStreamOpen: false);
        await _tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                RemoteCertificateValidationCallback = Trust.Only(caFile),
                ClientCertificateContext = leaf is null ? null : SslStreamCertificateContext.Create(leaf, intermediates, offline: true),
            },
            limit.Token);
    }

    /// <summary>Opens TLS and sends a CONNECT with the session kept; the answer is what came back.</summary>
    public async Task<byte[]> ConnectAsync(HubFixture fixture, ushort keepAlive = 0)
    {
        await OpenAsync(fixture.Hub);
        return await ExchangeConnectAsync(fixture, keepAlive);
    }

    public async Task<byte[]> ExchangeConnectAsync(HubFixture fixture, ushort keepAlive = 0)
    {
        await SendConnectAsync(fixture, keepAlive);
        return await ReadPacketAsync();
    }

    public Task SendConnectAsync(HubFixture fixture, ushort keepAlive = 0) =>
        SendPacketAsync(WirePacket.Connect(fixture.Hub.GetDeviceConnectionString(Id), fixture.Clock.GetUtcNow(), keepAlive: keepAlive));

    /// <summary>CONNECT as the SDKs send it: keep-alive of 300 s, the session kept at a hub and a clean one at the provisioning service.</summary>
    /// <returns>The CONNACK's four bytes.</returns>
    public async Task<byte[]> ConnectAsync(string clientId, string userName, string? password, bool clean = false)
    {
        byte flags = (byte)((password is null ? 0x80 : 0xC0) | (clean ? 2 : 0));
        byte[] end = password is null ? [] : WirePacket.Text(password);
        await SendAsync(0x10, [0, 4, .. "MQTT"u8, 4, flags, 0x01, 0x2C, .. WirePacket.Text(clientId), .. WirePacket.Text(userName), .. end]);
        return await ReadPacketAsync();
    }

    /// <summary>Sends one packet: its first byte, the remaining length, and the rest.</summary>
    public Task SendAsync(byte first, params byte[] rest) => SendPacketAsync(WirePacket.Packet(first, rest));

    /// <summary>Sends these bytes.</summary>
    public async Task SendPacketAsync(params byte[] packet)
    {
        using var limit = new CancellationTokenSource(s_backstop);
        await _tls!.WriteAsync(packet, limit.Token);
    }

    /// <summary>PUBLISH with QoS 0, or with QoS 1 and a packet id.</summary>
    public Task PublishAsync(string topic, string body = "", ushort? id = null) => SendPacketAsync(WirePacket.Publish((byte)(id is null ? 0x30 : 0x32), topic, body, id));

    /// <summary>SUBSCRIBE, without waiting for the answer.</summary>
    public Task SubscribeAsync(ushort id, string filter, byte qos) => SendPacketAsync(WirePacket.Subscribe(id, filter, qos));

    /// <summary>SUBSCRIBE with packet id 1 and QoS 0; the answer is the SUBACK's return code.</summary>
    public async Task<byte> SubscribeAsync(string filter, byte qos = 0)
    {
        await SubscribeAsync(1, filter, qos);
        byte[] answer = await ReadPacketAsync();
        Assert.Equal([0x90, 0x03, 0x00, 0x01], answer[..4]);
        return answer[4];
    }

    /// <summary>PINGREQ; fails unless a PINGRESP comes next.</summary>
    public async Task PingAsync()
    {
        await SendAsync(0xC0);
        Assert.Equal([0xD0, 0x00], await ReadPacketAsync());
    }

    /// <summary>The next packet, whole.</summary>
    public async Task<byte[]> ReadPacketAsync()
    {
        (byte header, byte[] rest) = await NextAsync();
        return WirePacket.Packet(header, rest);
    }

    /// <summary>Asserts that the hub's next packet has exactly these bytes.</summary>
    public async Task ExpectAsync(params byte[] bytes) => Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(await ReadPacketAsync()));

    /// <summary>The next packet's first byte and what follows its length.</summary>
    public async Task<(byte Header, byte[] Body)> NextAsync()
    {
        using var limit = new CancellationTokenSource(s_backstop);
        byte header = (await ReadAsync(1, limit.Token))[0];
        int length = 0;
        int shift = 0;
        byte digit;
        do
        {
            digit = (await ReadAsync(1, limit.Token))[0];
            length |= (digit & 0x7F) << shift;
            shift += 7;
        }
        while ((digit & 0x80) != 0);
        return (header, await ReadAsync(length, limit.Token));
    }

    /// <summary>The next PUBLISH: its first byte, topic, packet id (0 for QoS 0) and body.</summary>
    public async Task<(byte Header, string Topic, ushort Id, string Body)> NextPublishAsync()
    {
        (byte header, byte[] rest) = await NextAsync();
        Assert.Equal(0x30, header & 0xF0);
        int end = 2 + BinaryPrimitives.ReadUInt16BigEndian(rest);
        string topic = Encoding.UTF8.GetString(rest.AsSpan(2..end));
        return (header & 0x06) == 0
            ? (header, topic, (ushort)0, Encoding.UTF8.GetString(rest.AsSpan(end)))
            : (header, topic, BinaryPrimitives.ReadUInt16BigEndian(rest.AsSpan(end)), Encoding.UTF8.GetString(rest.AsSpan(end + 2)));
    }

    /// <summary>The next packet, which must be a PUBLISH with QoS 0, no DUP and no RETAIN.</summary>
    public async Task<(string Topic, string Body)> ReadPublishAsync()
    {
        (byte header, string topic, _, string body) = await NextPublishAsync();
        Assert.Equal(0x30, header);
        return (topic, body);
    }

    /// <summary>Asserts that the hub says nothing more and has closed the link.</summary>
    public async Task ClosedAsync()
    {
        using var limit = new CancellationTokenSource(s_backstop);
        try
        {
            Assert.Equal(0, await _tls!.ReadAsync(new byte[1], limit.Token));
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    /// <summary>How the hub ended the link: "FIN" or "RST".</summary>
    public async Task<string> EndAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(s_backstop) > 0)
            {
            }

            return "FIN";
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "RST";
        }
    }

    /// <summary>Whether neither a FIN nor an RST has come.</summary>
    public async Task<bool> IsOpenAsync()
    {
        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            await _socket.ReceiveAsync(new byte[1], SocketFlags.Peek, moment.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[count];
        await _tls!.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
