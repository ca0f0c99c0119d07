using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>Messages to devices, and what their senders are still to hear, on disk.</summary>
internal static class CloudMessageStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS cloud_messages (device_id TEXT NOT NULL, sequence INTEGER NOT NULL, message_id TEXT, wish INTEGER NOT NULL,
            enqueued INTEGER NOT NULL, expiry INTEGER NOT NULL, deliveries INTEGER NOT NULL, bag TEXT NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (device_id, sequence));
        CREATE TABLE IF NOT EXISTS feedback (sequence INTEGER PRIMARY KEY, message_id TEXT, ended INTEGER NOT NULL, status INTEGER NOT NULL,
            device_id TEXT NOT NULL, generation TEXT NOT NULL);
        """;

    public static List<CloudMessage> ReadCloudMessages(this HubStore store) => store.Read(
        "SELECT device_id, sequence, message_id, wish, enqueued, expiry, deliveries, bag, body FROM cloud_messages ORDER BY device_id, sequence",
        r => new CloudMessage(
            r.GetString(0),
            r.GetInt64(1),
            r.IsDBNull(2) ? null : r.GetString(2),
            (FeedbackWish)r.GetInt32(3),
            new DateTimeOffset(r.GetInt64(4), TimeSpan.Zero),
            new DateTimeOffset(r.GetInt64(5), TimeSpan.Zero),
            r.GetInt32(6),
            r.GetString(7),
            (byte[])r[8]));

    public static List<(long Sequence, FeedbackRecord Record)> ReadFeedback(this HubStore store) => store.Read(
        "SELECT sequence, message_id, ended, status, device_id, generation FROM feedback ORDER BY sequence",
        r => (r.GetInt64(0), new FeedbackRecord(
            r.IsDBNull(1) ? null : r.GetString(1),
            new DateTimeOffset(r.GetInt64(2), TimeSpan.Zero),
            (FeedbackStatus)r.GetInt32(3),
            r.GetString(4),
            r.GetString(5))));

    public static void RemoveDevice(StoreWriter writer, string deviceId) => writer.Run("DELETE FROM cloud_messages WHERE device_id=$p0", deviceId);

    public sealed record Add(CloudMessage Message) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "INSERT INTO cloud_messages VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7,$p8)",
            Message.DeviceId,
            Message.Sequence,
            Message.MessageId,
            (int)Message.Wish,
            Message.Enqueued.UtcTicks,
            Message.Expiry.UtcTicks,
            Message.Deliveries,
            Message.Bag,
            Message.Body);
    }

    public sealed record CountDelivery(CloudMessage Message) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "UPDATE cloud_messages SET deliveries=$p2 WHERE device_id=$p0 AND sequence=$p1",
            Message.DeviceId,
            Message.Sequence,
            Message.Deliveries);
    }

    /// <summary>A message is over; what its sender is to hear goes into the same transaction.</summary>
    public sealed record End(CloudMessage Message, (long Sequence, FeedbackRecord Record)? Feedback) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run("DELETE FROM cloud_messages WHERE device_id=$p0 AND sequence=$p1", Message.DeviceId, Message.Sequence);
            if (Feedback is var (sequence, record))
            {
                writer.Run(
                    "INSERT INTO feedback VALUES ($p0,$p1,$p2,$p3,$p4,$p5)",
                    sequence,
                    record.MessageId,
                    record.Ended.UtcTicks,
                    (int)record.Status,
                    record.DeviceId,
                    record.GenerationId);
            }
        }
    }

    public sealed record RemoveFeedback(IReadOnlyList<long> Sequences) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            foreach (long sequence in Sequences)
            {
                writer.Run("DELETE FROM feedback WHERE sequence=$p0", sequence);
            }
        }
    }
}
