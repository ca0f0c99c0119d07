using System.Collections.Concurrent;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>
/// Messages from services to devices. Each waits in its device's queue, on disk, until the device has acknowledged it, refused it, or its time is over; in
/// order, at least once.
/// </summary>
internal sealed class CloudMessages : IDisposable
{
    private const int MaxQueued = 50;
    private const int MaxDeliveries = 10;
    private readonly ConcurrentDictionary<Device, bool> waiting = new();
    private readonly DeviceRegistry registry;
    private readonly HubStore store;
    private readonly CloudMessageEnds ends;
    private readonly CloudDelivery delivery;
    private readonly TimeProvider time;
    private readonly ITimer sweep;

    public CloudMessages(DeviceRegistry registry, HubStore store, CloudMessageEnds ends, CloudDelivery delivery, TimeProvider time)
    {
        this.registry = registry;
        this.store = store;
        this.ends = ends;
        this.delivery = delivery;
        this.time = time;
        foreach (CloudMessage message in store.ReadCloudMessages())
        {
            if (registry.Find(message.DeviceId) is { } device)
            {
                device.CloudQueue.Add(message, Task.CompletedTask);
                waiting[device] = true;
            }
        }

        sweep = time.CreateTimer(_ => Sweep(), null, HubChoices.CloudSweep, HubChoices.CloudSweep);
    }

    public void Dispose() => sweep.Dispose();

    /// <summary>Queues a message; the task ends when it is on disk.</summary>
    /// <exception cref="HubRefusalException">The message is too large or lives too long, its device is not there, or its queue is full.</exception>
    public async Task SendAsync(string deviceId, CloudMessageDraft draft)
    {
        // A module gets no messages, and its key is no device's id.
        Device device = registry.Find(deviceId) is { Identity.ModuleId: null } found ? found : throw HubRefusalException.DeviceNotFound(deviceId);
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset expiry = draft.Check(device.Id, now);
        CloudMessageStore.Add add;
        lock (device.Gate)
        {
            CloudQueue queue = device.Removed ? throw HubRefusalException.DeviceNotFound(deviceId) : device.CloudQueue;
            if (queue.Count >= MaxQueued)
            {
                throw new HubRefusalException(HubErrorCodes.DeviceMaximumQueueDepthExceeded, $"{MaxQueued} messages wait for the device already.");
            }

            string bag = PropertyBag.Format(draft.Properties);
            add = new CloudMessageStore.Add(new CloudMessage(deviceId, queue.NextSequence(), draft.MessageId, draft.Wish, now, expiry, 0, bag, draft.Body));
            store.Enqueue(add);
            queue.Add(add.Message, add.Done);
            waiting[device] = true;
        }

        await add.Done;
        delivery.Deliver(device);
    }

    /// <summary>Hands the first free message to a receiver over HTTPS, which settles it by its token.</summary>
    public CloudQueueEntry? Take(Device device)
    {
        lock (device.Gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            ends.EndExpired(device, now);
            CloudQueueEntry? entry = device.CloudQueue.Entries.FirstOrDefault(e => e.LockedUntil <= now && e.Stored.IsCompletedSuccessfully);
            if (entry is not null)
            {
                (entry.Token, entry.LockedUntil) = (Guid.NewGuid(), now + HubChoices.MessageLock);
            }

            return entry;
        }
    }

    /// <summary>Settles a message that <see cref="Take"/> gave: done, or refused for good.</summary>
    /// <exception cref="HubRefusalException">The lock has ended.</exception>
    public void Settle(Device device, Guid token, FeedbackStatus how)
    {
        lock (device.Gate)
        {
            ends.End(device, Locked(device, token), how);
        }
    }

    /// <summary>Takes a message back that <see cref="Take"/> gave; after <see cref="MaxDeliveries"/> times it is over.</summary>
    /// <exception cref="HubRefusalException">The lock has ended.</exception>
    public void Abandon(Device device, Guid token)
    {
        lock (device.Gate)
        {
            CloudQueueEntry entry = Locked(device, token);
            entry.Message = entry.Message with { Deliveries = entry.Message.Deliveries + 1 };
            entry.LockedUntil = default;
            if (entry.Message.Deliveries >= MaxDeliveries)
            {
                ends.End(device, entry, FeedbackStatus.DeliveryCountExceeded);
                return;
            }

            store.Enqueue(new CloudMessageStore.CountDelivery(entry.Message));
        }

        delivery.Deliver(device);
    }

    /// <summary>Ends all messages of a device.</summary>
    /// <returns>How many there were.</returns>
    public int Purge(Device device)
    {
        lock (device.Gate)
        {
            CloudQueueEntry[] all = [.. device.CloudQueue.Entries];
            Array.ForEach(all, entry => ends.End(device, entry, FeedbackStatus.Purged));
            return all.Length;
        }
    }

    private CloudQueueEntry Locked(Device device, Guid token) => device.CloudQueue.FindLock(token, time.GetUtcNow())
        ?? throw new HubRefusalException(HubErrorCodes.DeviceMessageLockLost, "The message is not locked by this token, or no longer.");

    private void Sweep()
    {
        foreach (Device device in waiting.Keys)
        {
            lock (device.Gate)
            {
                if (device.Removed || device.CloudQueue.Count == 0)
                {
                    waiting.TryRemove(device, out _);
                    continue;
                }
            }

            delivery.Deliver(device);
        }
    }
}
