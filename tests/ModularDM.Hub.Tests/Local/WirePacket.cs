using System.Text;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>MQTT 3.1.1 packets, written down from its specification.</summary>
internal static class WirePacket
{
    /// <summary>CONNECT of a device with a token.</summary>
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
        string token = SasToken.Create($"{device.HostName}/devices/{device.DeviceId}", device.SharedAccessKey!, now + TimeSpan.FromHours(1));
        byte[] will = (flags & 0x04) != 0 ? [.. Text(willTopic), .. Text(willBody)] : [];
        return Packet(0x10,
        [
            .. Text("MQTT"), level, flags, .. Number(keepAlive), .. level == 5 ? [0] : Array.Empty<byte>(),
            .. Text(device.DeviceId!), .. will, .. Text($"{device.HostName}/{device.DeviceId}/?api-version=2021-04-12"), .. Text(token),
        ]);
    }

    public static byte[] Subscribe(ushort id, string filter, byte qos) => Packet(0x82, [.. Number(id), .. Text(filter), qos]);

    public static byte[] Publish(byte header, string topic, string body, ushort? id = null) =>
        Packet(header, [.. Text(topic), .. id is { } number ? Number(number) : [], .. Encoding.UTF8.GetBytes(body)]);

    /// <summary>A text with its length in front.</summary>
    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. Number((ushort)bytes.Length), .. bytes];
    }

    /// <summary>A packet: its first byte, the length of the rest, and the rest.</summary>
    public static byte[] Packet(byte header, params byte[] rest)
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

    private static byte[] Number(ushort number) => [(byte)(number >> 8), (byte)number];
}
