using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ModularDM.Hub.Tests.Local;

/// <summary>MQTT by the byte, over TLS, so that a test states what is on the wire and in which order.</summary>
internal sealed class WireLink : IAsyncDisposable
{
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(30);
    private readonly TcpClient tcp = new();
    private SslStream? tls;

    /// <param name="host">Where.</param>
    /// <param name="port">Which port.</param>
    /// <param name="caFile">What to trust.</param>
    /// <param name="leaf">A client certificate to show.</param>
    /// <param name="intermediates">What to show beside it.</param>
    public async Task OpenAsync(string host, int port, string caFile, X509Certificate2? leaf = null, X509Certificate2Collection? intermediates = null)
    {
        using var limit = new CancellationTokenSource(Backstop);
        await tcp.ConnectAsync(host, port, limit.Token);
        tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                RemoteCertificateValidationCallback = Trust.Only(caFile),
                ClientCertificateContext = leaf is null ? null : SslStreamCertificateContext.Create(leaf, intermediates, offline: true),
            },
            limit.Token);
    }

    /// <summary>CONNECT of MQTT 3.1.1, as the SDKs send it: session kept, keep-alive of 300 s.</summary>
    /// <returns>The CONNACK's four bytes.</returns>
    public async Task<byte[]> ConnectAsync(string clientId, string userName, string? password)
    {
        byte[] body = [0, 4, .. "MQTT"u8, 4, (byte)(password is null ? 0x80 : 0xC0), 0x01, 0x2C, .. Text(clientId), .. Text(userName), .. password is null ? [] : Text(password)];
        await SendAsync(0x10, body);
        (byte header, byte[] answer) = await ReceiveAsync();
        return [header, (byte)answer.Length, .. answer];
    }

    public Task SubscribeAsync(ushort id, string filter, byte qos) => SendAsync(0x82, [(byte)(id >> 8), (byte)id, .. Text(filter), qos]);

    public Task PublishAsync(string topic, string body, ushort? id = null) =>
        SendAsync((byte)(id is null ? 0x30 : 0x32), [.. Text(topic), .. id is null ? [] : new byte[] { (byte)(id >> 8), (byte)id }, .. Encoding.UTF8.GetBytes(body)]);

    public async Task SendAsync(byte header, byte[] body)
    {
        var packet = new List<byte> { header };
        int rest = body.Length;
        do
        {
            packet.Add((byte)(rest > 127 ? (rest % 128) | 0x80 : rest));
            rest /= 128;
        }
        while (rest > 0);
        packet.AddRange(body);
        using var limit = new CancellationTokenSource(Backstop);
        await tls!.WriteAsync(packet.ToArray(), limit.Token);
    }

    /// <summary>The next packet's first byte and what follows its length.</summary>
    public async Task<(byte Header, byte[] Body)> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Backstop);
        byte header = (await ReadAsync(1, limit.Token))[0];
        int length = 0;
        byte digit;
        int shift = 0;
        do
        {
            digit = (await ReadAsync(1, limit.Token))[0];
            length |= (digit & 0x7F) << shift;
            shift += 7;
        }
        while ((digit & 0x80) != 0);
        return (header, await ReadAsync(length, limit.Token));
    }

    /// <summary>The next packet, which must be a PUBLISH of QoS 0.</summary>
    public async Task<(string Topic, string Body)> ReceivePublishAsync()
    {
        (byte header, byte[] body) = await ReceiveAsync();
        Assert.Equal(0x30, header);
        int length = (body[0] << 8) | body[1];
        return (Encoding.UTF8.GetString(body, 2, length), Encoding.UTF8.GetString(body, 2 + length, body.Length - 2 - length));
    }

    public async ValueTask DisposeAsync()
    {
        if (tls is not null)
        {
            await tls.DisposeAsync();
        }

        tcp.Dispose();
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[count];
        await tls!.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
