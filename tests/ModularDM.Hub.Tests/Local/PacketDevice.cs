using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A device that writes its MQTT packets byte by byte and sees the hub's as they come.</summary>
public sealed class PacketDevice : IAsyncDisposable
{
    private readonly TcpClient socket;
    private readonly SslStream stream;
    private readonly CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));

    private PacketDevice(TcpClient socket, SslStream stream)
    {
        this.socket = socket;
        this.stream = stream;
    }

    public static async Task<PacketDevice> OpenAsync(LocalHub hub)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(hub.Host, hub.MqttPort);
        var stream = new SslStream(socket.GetStream(), false, Trust.Only(hub.CaFile));
        await stream.AuthenticateAsClientAsync("localhost");
        return new PacketDevice(socket, stream);
    }

    /// <summary>A CONNECT packet.</summary>
    /// <param name="connectionString">The device's.</param>
    /// <param name="now">For its token.</param>
    /// <param name="flags">Connect flags; 0xC0 is user name and password, 0x02 a clean session.</param>
    /// <param name="keepAlive">Seconds.</param>
    /// <param name="level">The protocol level.</param>
    /// <param name="willTopic">With flag 0x04.</param>
    /// <param name="willBody">With flag 0x04.</param>
    public static byte[] Connect(string connectionString, DateTimeOffset now, byte flags = 0xC0, ushort keepAlive = 60, byte level = 4, string willTopic = "", string willBody = "")
    {
        HubConnectionString device = HubConnectionString.Parse(connectionString);
        string token = SasToken.Create(SasToken.DeviceResource(device.HostName, device.DeviceId!), device.SharedAccessKey!, now + TimeSpan.FromHours(1));
        byte[] will = (flags & 0x04) != 0 ? [.. Text(willTopic), .. Text(willBody)] : [];
        return Packet(0x10,
        [
            .. Text("MQTT"), level, flags, (byte)(keepAlive >> 8), (byte)keepAlive, .. (level == 5 ? (byte[])[0] : []),
            .. Text(device.DeviceId!), .. will, .. Text($"{device.HostName}/{device.DeviceId}/?api-version=2021-04-12"), .. Text(token),
        ]);
    }

    public static byte[] Subscribe(ushort id, string filter, byte qos) => Packet(0x82, [(byte)(id >> 8), (byte)id, .. Text(filter), qos]);

    public static byte[] Publish(byte header, string topic, string body, ushort? id = null) =>
        Packet(header, [.. Text(topic), .. (id is { } i ? (byte[])[(byte)(i >> 8), (byte)i] : []), .. Encoding.UTF8.GetBytes(body)]);

    public static byte[] Text(string text) => [(byte)(Encoding.UTF8.GetByteCount(text) >> 8), (byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Packet(byte header, byte[] rest)
    {
        var length = new List<byte>();
        int left = rest.Length;
        do
        {
            length.Add((byte)((left % 128) | (left >= 128 ? 0x80 : 0)));
            left /= 128;
        }
        while (left > 0);
        return [header, .. length, .. rest];
    }

    public async Task SendAsync(params byte[] bytes) => await stream.WriteAsync(bytes, limit.Token);

    /// <summary>The hub's next packet: its first byte and what comes behind the length.</summary>
    public async Task<(byte Header, byte[] Content)> NextAsync()
    {
        byte header = await ByteAsync();
        int length = 0;
        int shift = 0;
        byte digit;
        do
        {
            digit = await ByteAsync();
            length |= (digit & 0x7F) << shift;
            shift += 7;
        }
        while ((digit & 0x80) != 0);
        byte[] rest = new byte[length];
        await stream.ReadExactlyAsync(rest, limit.Token);
        return (header, rest);
    }

    /// <summary>Asserts that the hub's next packet has exactly these bytes.</summary>
    public async Task ExpectAsync(params byte[] bytes)
    {
        (byte header, byte[] rest) = await NextAsync();
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Packet(header, rest)));
    }

    /// <summary>The next PUBLISH: its first byte, topic, packet id (0 for QoS 0) and body.</summary>
    public async Task<(byte Header, string Topic, ushort Id, string Body)> NextPublishAsync()
    {
        (byte header, byte[] rest) = await NextAsync();
        Assert.Equal(0x30, header & 0xF0);
        int topicLength = BinaryPrimitives.ReadUInt16BigEndian(rest);
        string topic = Encoding.UTF8.GetString(rest, 2, topicLength);
        int at = 2 + topicLength;
        bool numbered = (header & 0x06) != 0;
        return (header, topic, numbered ? BinaryPrimitives.ReadUInt16BigEndian(rest.AsSpan(at)) : (ushort)0, Encoding.UTF8.GetString(rest, numbered ? at + 2 : at, rest.Length - at - (numbered ? 2 : 0)));
    }

    /// <summary>Asserts that the hub has closed the link.</summary>
    public async Task ClosedAsync()
    {
        byte[] one = new byte[1];
        try
        {
            Assert.Equal(0, await stream.ReadAsync(one, limit.Token));
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        socket.Dispose();
        limit.Dispose();
    }

    private async Task<byte> ByteAsync()
    {
        byte[] one = new byte[1];
        await stream.ReadExactlyAsync(one, limit.Token);
        return one[0];
    }
}
