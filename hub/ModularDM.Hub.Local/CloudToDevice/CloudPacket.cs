using System.Buffers.Binary;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>
/// The broker's own sessions repeat what was not acknowledged, expired or not, and number it anew. So a message goes to the broker as one without
/// acknowledgement, marked with its packet id in a field that MQTT 3.1.1 does not send, and becomes QoS 1 on its way out; the queue alone decides what comes again.
/// </summary>
internal static class CloudPacket
{
    /// <summary>The mark of a message.</summary>
    public static byte[] Mark(ushort packetId, bool repeated)
    {
        byte[] mark = new byte[3];
        BinaryPrimitives.WriteUInt16BigEndian(mark, packetId);
        mark[2] = repeated ? (byte)1 : (byte)0;
        return mark;
    }

    /// <summary>Makes a marked packet what it is to be on the wire.</summary>
    public static void Stamp(MqttPacket packet)
    {
        if (packet is MqttPublishPacket { CorrelationData: { Length: 3 } mark } publish)
        {
            publish.QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce;
            publish.PacketIdentifier = BinaryPrimitives.ReadUInt16BigEndian(mark);
            publish.Dup = mark[2] != 0;
        }
    }
}
