using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

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

    public WireDevice(string id) => Id = id;

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

    /// <summary>Opens TLS and sends a CONNECT; the answer is what came back.</summary>
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

    public async Task SendConnectAsync(HubFixture fixture, ushort keepAlive = 0)
    {
        HubConnectionString connection = HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(Id));
        string token = SasToken.Create($"localhost/devices/{Id}", connection.SharedAccessKey!, fixture.Clock.GetUtcNow() + TimeSpan.FromHours(1));
        // Protocol name and level 4, user name and password, session kept, keep-alive, client id, user name, password.
        byte[] head = [0x00, 0x04, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 0x04, 0xC0, (byte)(keepAlive >> 8), (byte)keepAlive];
        await SendAsync(0x10, [.. head, .. Text(Id), .. Text($"localhost/{Id}/?api-version=2021-04-12"), .. Text(token)]);
    }

    public async Task OpenAsync(LocalHub hub)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, hub.MqttPort).WaitAsync(s_backstop);
        _tls = new SslStream(new NetworkStream(_socket, ownsSocket: false), leaveInnerStreamOpen: false, Trust.Only(hub.CaFile));
        await _tls.AuthenticateAsClientAsync("localhost").WaitAsync(s_backstop);
    }

    /// <summary>Sends one packet: its first byte, the remaining length, and the rest.</summary>
    public async Task SendAsync(byte first, params byte[] rest)
    {
        var packet = new List<byte> { first };
        int left = rest.Length;
        do
        {
            packet.Add((byte)((left % 128) | (left >= 128 ? 0x80 : 0)));
            left /= 128;
        }
        while (left > 0);
        packet.AddRange(rest);
        await _tls!.WriteAsync(packet.ToArray());
    }

    /// <summary>PUBLISH with QoS 0.</summary>
    public Task PublishAsync(string topic, string body = "") => SendAsync(0x30, [.. Text(topic), .. Encoding.UTF8.GetBytes(body)]);

    /// <summary>SUBSCRIBE with packet id 1 and QoS 0; the answer is the SUBACK's return code.</summary>
    public async Task<byte> SubscribeAsync(string filter, byte qos = 0)
    {
        await SendAsync(0x82, [0x00, 0x01, .. Text(filter), qos]);
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
        using var limit = new CancellationTokenSource(s_backstop);
        byte[] first = new byte[2];
        await _tls!.ReadExactlyAsync(first, limit.Token);
        var packet = new List<byte>(first);
        int length = first[1] & 0x7F;
        for (int shift = 7; (packet[^1] & 0x80) != 0; shift += 7)
        {
            byte[] more = new byte[1];
            await _tls.ReadExactlyAsync(more, limit.Token);
            packet.Add(more[0]);
            length |= (more[0] & 0x7F) << shift;
        }

        byte[] rest = new byte[length];
        await _tls.ReadExactlyAsync(rest, limit.Token);
        return [.. packet, .. rest];
    }

    /// <summary>The next packet, which must be a PUBLISH with QoS 0, no DUP and no RETAIN.</summary>
    public async Task<(string Topic, string Body)> ReadPublishAsync()
    {
        byte[] packet = await ReadPacketAsync();
        Assert.Equal(0x30, packet[0]);
        int at = 1;
        while ((packet[at++] & 0x80) != 0)
        {
        }

        int length = (packet[at] << 8) | packet[at + 1];
        return (Encoding.UTF8.GetString(packet, at + 2, length), Encoding.UTF8.GetString(packet.AsSpan(at + 2 + length)));
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

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }
}
