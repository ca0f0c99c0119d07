using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Messages;

/// <summary>Messages on disk.</summary>
internal static class MessageStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS messages (device_id TEXT NOT NULL, sequence INTEGER NOT NULL, enqueued INTEGER NOT NULL, properties BLOB NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (device_id, sequence));
        """;

    public static IReadOnlyList<DeviceMessage> ReadMessages(this HubStore store, string deviceId, long after, int top) => store.Read(
        "SELECT sequence, enqueued, properties, body FROM messages WHERE device_id=$a AND sequence>$b ORDER BY sequence LIMIT $c",
        r => new DeviceMessage(deviceId, r.GetInt64(0), new DateTimeOffset(r.GetInt64(1), TimeSpan.Zero), (byte[])r[2], (byte[])r[3]),
        deviceId,
        after,
        top);

    /// <summary>The number of each device's last message.</summary>
    public static Dictionary<string, long> ReadLastMessages(this HubStore store) => store.Read(
        "SELECT device_id, MAX(sequence) FROM messages GROUP BY device_id",
        r => KeyValuePair.Create(r.GetString(0), r.GetInt64(1))).ToDictionary();

    public static void RemoveDevice(StoreWriter writer, string deviceId) => writer.Run("DELETE FROM messages WHERE device_id=$p0", deviceId);

    public sealed record Append(DeviceMessage Message, long KeepAfter) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run("INSERT INTO messages VALUES ($p0,$p1,$p2,$p3,$p4)", Message.DeviceId, Message.Sequence, Message.Enqueued.UtcTicks, Message.Properties, Message.Body);
            if (KeepAfter > 0)
            {
                writer.Run("DELETE FROM messages WHERE device_id=$p0 AND sequence<=$p1", Message.DeviceId, KeepAfter);
            }
        }
    }
}
