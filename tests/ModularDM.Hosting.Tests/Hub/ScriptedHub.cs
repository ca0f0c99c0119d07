using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>
/// A hub of bytes on a TLS socket, written down from the specification: it takes one connection and says what the test says. No MQTT library and no topic code of
/// the product's, so that device and hub cannot share a mistake.
/// </summary>
internal sealed class ScriptedHub : IAsyncDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mdm-wire-");
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private SslStream? _link;

    public ScriptedHub()
    {
        _listener.Start();
        CaFile = Path.Combine(_folder.FullName, "ca.pem");
        File.WriteAllText(CaFile, TestAuthority.CaPem);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string CaFile { get; }

    /// <summary>Takes the next connection and its TLS handshake.</summary>
    public async Task AcceptAsync()
    {
        using var limit = new CancellationTokenSource(s_backstop);
        _link?.Dispose();
        _link = new SslStream((await _listener.AcceptTcpClientAsync(limit.Token)).GetStream());
        await _link.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = TestAuthority.Server }, limit.Token);
    }

    /// <summary>Takes a connection, its CONNECT and its SUBSCRIBE; answers both with yes.</summary>
    public async Task<(byte[] Connect, byte[] Subscribe)> WelcomeAsync()
    {
        await AcceptAsync();
        byte[] connect = await ReadPacketAsync();
        await SendAsync([0x20, 0x02, 0x00, 0x00]);
        byte[] subscribe = await ReadPacketAsync();
        int id = Skip(subscribe);
        await SendAsync([0x90, 0x05, subscribe[id], subscribe[id + 1], 0x00, 0x01, 0x00]);
        return (connect, subscribe);
    }

    public async Task SendAsync(byte[] bytes) => await _link!.WriteAsync(bytes);

    /// <summary>PUBLISH with QoS 0, written in pieces of so many bytes.</summary>
    public async Task PublishAsync(string topic, string body, int piece = int.MaxValue)
    {
        byte[] name = Encoding.UTF8.GetBytes(topic), payload = Encoding.UTF8.GetBytes(body);
        byte[] packet = [0x30, .. Length(2 + name.Length + payload.Length), (byte)(name.Length >> 8), (byte)name.Length, .. name, .. payload];
        for (int at = 0; at < packet.Length; at += Math.Min(piece, packet.Length - at))
        {
            await SendAsync(packet[at..(at + Math.Min(piece, packet.Length - at))]);
        }
    }

    /// <summary>The next packet that is no PINGREQ, whole; those are answered.</summary>
    public async Task<byte[]> ReadPacketAsync()
    {
        using var limit = new CancellationTokenSource(s_backstop);
        while (true)
        {
            byte[] one = new byte[1];
            await _link!.ReadExactlyAsync(one, limit.Token);
            var packet = new List<byte> { one[0] };
            int length = 0, shift = 0;
            do
            {
                await _link.ReadExactlyAsync(one, limit.Token);
                packet.Add(one[0]);
                length |= (one[0] & 0x7F) << shift;
                shift += 7;
            }
            while ((one[0] & 0x80) != 0);

            byte[] rest = new byte[length];
            await _link.ReadExactlyAsync(rest, limit.Token);
            if (packet[0] != 0xC0)
            {
                return [.. packet, .. rest];
            }

            await SendAsync([0xD0, 0x00]);
        }
    }

    /// <summary>The next packet, which must be a PUBLISH with this first byte; the packet id is 0 for QoS 0.</summary>
    public async Task<(string Topic, int PacketId, string Body)> ReadPublishAsync(byte first = 0x30)
    {
        byte[] packet = await ReadPacketAsync();
        Assert.Equal(first, packet[0]);
        int at = Skip(packet);
        int end = at + 2 + ((packet[at] << 8) | packet[at + 1]);
        bool numbered = (first & 0x06) != 0;
        return (Encoding.UTF8.GetString(packet[(at + 2)..end]), numbered ? (packet[end] << 8) | packet[end + 1] : 0, Encoding.UTF8.GetString(packet[(end + (numbered ? 2 : 0))..]));
    }

    public ValueTask DisposeAsync()
    {
        _link?.Dispose();
        _listener.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Where a packet's own bytes begin, after its remaining length.</summary>
    public static int Skip(byte[] packet)
    {
        int at = 1;
        while ((packet[at++] & 0x80) != 0)
        {
        }

        return at;
    }

    private static IEnumerable<byte> Length(int length)
    {
        do
        {
            yield return (byte)((length % 128) | (length >= 128 ? 0x80 : 0));
            length /= 128;
        }
        while (length > 0);
    }
}
