using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>How messages to devices end: each leaves its queue and the disk, and its sender hears of it if it asked to. Used under the device's gate.</summary>
internal sealed class CloudMessageEnds(HubStore store, FeedbackQueue feedback, TimeProvider time)
{
    /// <summary>Ends the messages of a device whose time is over.</summary>
    public void EndExpired(Device device, DateTimeOffset now)
    {
        foreach (CloudQueueEntry entry in device.CloudQueue.Entries.Where(e => e.Message.Expiry <= now && e.Stored.IsCompletedSuccessfully).ToArray())
        {
            End(device, entry, FeedbackStatus.Expired);
        }
    }

    /// <summary>Ends one message.</summary>
    /// <exception cref="HubRefusalException">The store takes nothing.</exception>
    public void End(Device device, CloudQueueEntry entry, FeedbackStatus status)
    {
        (long, FeedbackRecord)? record = FeedbackRecord.IsWished(entry.Message.Wish, status)
            ? feedback.Add(new FeedbackRecord(entry.Message.MessageId, time.GetUtcNow(), status, device.Id, device.Identity.GenerationId))
            : null;
        store.Enqueue(new CloudMessageStore.End(entry.Message, record));
        device.CloudQueue.Remove(entry);
    }
}
