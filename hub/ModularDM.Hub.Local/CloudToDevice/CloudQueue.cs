using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>What a device subscribed to its messages with. It outlives the link if the session does.</summary>
internal sealed record CloudSubscription(MqttSessionStatus Session, MqttQualityOfServiceLevel Qos);

/// <summary>The messages that wait for one device, in order. Used under the device's gate.</summary>
internal sealed class CloudQueue
{
    private readonly List<CloudQueueEntry> entries = [];
    private long lastSequence;
    private ushort lastPacketId;

    /// <summary>How many wait, those included that the device has and has not settled.</summary>
    public int Count => entries.Count;

    public IReadOnlyList<CloudQueueEntry> Entries => entries;

    public CloudSubscription? Subscription { get; set; }

    public long NextSequence() => lastSequence + 1;

    public void Add(CloudMessage message, Task stored)
    {
        lastSequence = message.Sequence;
        entries.Add(new CloudQueueEntry(message, stored));
    }

    public void Remove(CloudQueueEntry entry) => entries.Remove(entry);

    public CloudQueueEntry? FindPacket(ushort packetId) => entries.Find(e => e.PacketId == packetId && e.Sent);

    public CloudQueueEntry? FindLock(Guid token, DateTimeOffset now) => entries.Find(e => e.Token == token && e.LockedUntil > now);

    /// <summary>An id for a packet that no other unsettled message has.</summary>
    public ushort NextPacketId()
    {
        do
        {
            lastPacketId = lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(lastPacketId + 1);
        }
        while (entries.Exists(e => e.PacketId == lastPacketId));

        return lastPacketId;
    }
}

/// <summary>One message and who has it.</summary>
internal sealed class CloudQueueEntry(CloudMessage message, Task stored)
{
    public CloudMessage Message { get; set; } = message;

    /// <summary>Ends when the message is on disk; before, it goes to nobody.</summary>
    public Task Stored { get; } = stored;

    /// <summary>Until when it is the receiver's alone.</summary>
    public DateTimeOffset LockedUntil { get; set; }

    /// <summary>By what a receiver over HTTPS settles it.</summary>
    public Guid Token { get; set; }

    /// <summary>By what a device on MQTT acknowledges it; 0 for never sent. It stays the same in a session, as a repeated packet must have its first id.</summary>
    public ushort PacketId { get; set; }

    /// <summary>Whether the device's session has it, sent and not acknowledged.</summary>
    public bool Sent { get; set; }
}
