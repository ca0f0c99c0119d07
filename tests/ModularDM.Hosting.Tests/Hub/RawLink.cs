using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>One device's connection to a <see cref="RawHub"/>: packets as bytes, in and out.</summary>
internal sealed class RawLink(Stream stream, string? certificateHash, string? path)
{
    private readonly Channel<(byte First, byte[] Body)> _packets = Channel.CreateUnbounded<(byte, byte[])>();
    private readonly Lock _gate = new();
    private Task _writing = Task.CompletedTask;

    /// <summary>SHA-256 of the certificate that the device showed; null when it showed none.</summary>
    public string? CertificateHash { get; } = certificateHash;

    /// <summary>Path and sub-protocol of the WebSocket.</summary>
    public string? Path { get; } = path;

    /// <summary>Level, flags and keep-alive: what follows the protocol's name in CONNECT.</summary>
    public byte[] ConnectHead { get; private set; } = [];

    public string ClientId { get; private set; } = "";

    public string UserName { get; private set; } = "";

    /// <summary>Null when CONNECT has no password field.</summary>
    public string? Password { get; private set; }

    /// <summary>SUBSCRIBE, UNSUBSCRIBE, PUBACK and DISCONNECT packets as they came.</summary>
    public ChannelReader<(byte First, byte[] Body)> Packets => _packets.Reader;

    public async Task ServeAsync(byte connectCode, Func<RawLink, string, byte[], Task> onPublish, Action<RawLink> connected, CancellationToken cancellationToken)
    {
        try
        {
            (byte first, byte[] body) = await ReadAsync(cancellationToken);
            Assert.Equal(0x10, first);
            ReadConnect(body);
            await SendAsync([0x20, 2, 0, connectCode], cancellationToken);
            connected(this);
            while (connectCode == 0 && first != 0xE0)
            {
                (first, body) = await ReadAsync(cancellationToken);
                await AnswerAsync(first, body, onPublish, cancellationToken);
            }
        }
        finally
        {
            _packets.Writer.TryComplete();
        }
    }

    public Task PublishAsync(string topic, string body, int packetId = 0, CancellationToken cancellationToken = default)
    {
        byte[] name = Encoding.UTF8.GetBytes(topic);
        byte[] id = packetId == 0 ? [] : [(byte)(packetId >> 8), (byte)packetId];
        byte[] rest = [(byte)(name.Length >> 8), (byte)name.Length, .. name, .. id, .. Encoding.UTF8.GetBytes(body)];
        byte[] length = rest.Length < 128 ? [(byte)rest.Length] : [(byte)(rest.Length | 0x80), (byte)(rest.Length >> 7)];
        return SendAsync([packetId == 0 ? (byte)0x30 : (byte)0x32, .. length, .. rest], cancellationToken);
    }

    /// <summary>The next packet of a kind; others are passed over.</summary>
    public async Task<byte[]> NextAsync(byte first, CancellationToken cancellationToken)
    {
        while (true)
        {
            (byte kind, byte[] body) = await Packets.ReadAsync(cancellationToken);
            if (kind == first)
            {
                return body;
            }
        }
    }

    private static string Text(byte[] body, ref int at)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(at));
        string text = Encoding.UTF8.GetString(body, at + 2, length);
        at += 2 + length;
        return text;
    }

    private void ReadConnect(byte[] body)
    {
        int at = 0;
        Assert.Equal("MQTT", Text(body, ref at));
        ConnectHead = body[at..(at + 4)];
        at += 4;
        ClientId = Text(body, ref at);
        UserName = (ConnectHead[1] & 0x80) != 0 ? Text(body, ref at) : "";
        Password = (ConnectHead[1] & 0x40) != 0 ? Text(body, ref at) : null;
        Assert.Equal(body.Length, at);
    }

    private async Task AnswerAsync(byte first, byte[] body, Func<RawLink, string, byte[], Task> onPublish, CancellationToken cancellationToken)
    {
        switch (first & 0xF0)
        {
            case 0x30:
                int at = 0;
                string topic = Text(body, ref at);
                if ((first & 0x06) != 0)
                {
                    await SendAsync([0x40, 2, body[at], body[at + 1]], cancellationToken);
                    at += 2;
                }

                await onPublish(this, topic, body[at..]);
                break;
            case 0x80:
                int filters = 0;
                for (int i = 2; i < body.Length; i++, filters++)
                {
                    Text(body, ref i);
                }

                await SendAsync([0x90, (byte)(2 + filters), body[0], body[1], .. Enumerable.Repeat((byte)1, filters)], cancellationToken);
                _packets.Writer.TryWrite((first, body));
                break;
            case 0xA0:
                await SendAsync([0xB0, 2, body[0], body[1]], cancellationToken);
                _packets.Writer.TryWrite((first, body));
                break;
            case 0xC0:
                await SendAsync([0xD0, 0], cancellationToken);
                break;
            default:
                _packets.Writer.TryWrite((first, body));
                break;
        }
    }

    private async Task<(byte First, byte[] Body)> ReadAsync(CancellationToken cancellationToken)
    {
        byte[] one = new byte[1];
        await stream.ReadExactlyAsync(one, cancellationToken);
        byte first = one[0];
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            await stream.ReadExactlyAsync(one, cancellationToken);
            length |= (one[0] & 0x7F) << shift;
            if (one[0] < 0x80)
            {
                break;
            }
        }

        byte[] body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return (first, body);
    }

    private Task SendAsync(byte[] packet, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _writing = WriteAfterAsync(_writing, packet, cancellationToken);
        }
    }

    private async Task WriteAfterAsync(Task before, byte[] packet, CancellationToken cancellationToken)
    {
        await before;
        await stream.WriteAsync(packet, cancellationToken);
    }
}
