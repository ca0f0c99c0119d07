using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>
/// Messages from services to devices. Each waits in its device's queue, on disk, until the device has acknowledged it, refused it, or its time is over; in
/// order, at least once.
/// </summary>
internal sealed partial class CloudMessages : IDisposable
{
    /// <summary>The largest message: body, property names and values.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int MaxQueued = 50;
    private const int MaxDeliveries = 10;
    private const int MaxTopicBytes = 65_535;
    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaxLife = TimeSpan.FromDays(2);
    private readonly ConcurrentDictionary<Device, bool> waiting = new();
    private readonly DeviceRegistry registry;
    private readonly HubStore store;
    private readonly FeedbackQueue feedback;
    private readonly TimeProvider time;
    private readonly ILogger<CloudMessages> logger;
    private readonly ITimer sweep;

    public CloudMessages(DeviceRegistry registry, HubStore store, FeedbackQueue feedback, TimeProvider time, ILogger<CloudMessages> logger)
    {
        this.registry = registry;
        this.store = store;
        this.feedback = feedback;
        this.time = time;
        this.logger = logger;
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
        DateTimeOffset expiry = Check(draft, device, now);
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
        Deliver(device);
    }

    /// <summary>A link is up: with a session that went on, its subscription holds, and what the device did not acknowledge comes again.</summary>
    public void Connected(Device device, DeviceConnection connection)
    {
        lock (device.Gate)
        {
            CloudQueue queue = device.CloudQueue;
            foreach (CloudQueueEntry entry in queue.Entries.Where(e => e.PacketId != 0))
            {
                entry.LockedUntil = default;
                if (connection.CleanSession)
                {
                    (entry.PacketId, entry.Sent) = (0, false);
                }
            }

            if (connection.CleanSession || queue.Subscription is null)
            {
                queue.Subscription = null;
                return;
            }

            connection.Resume(MqttTopics.DeviceBoundFilter(device.Id), queue.Subscription.Session);
        }

        Deliver(device);
    }

    /// <summary>The device wants its messages.</summary>
    public void Subscribed(Device device, CloudSubscription subscription)
    {
        lock (device.Gate)
        {
            device.CloudQueue.Subscription = subscription;
        }

        // After the SUBACK, which the broker sends when this has returned.
        _ = DeliverSoonAsync(device);
    }

    /// <summary>The device has acknowledged a packet: its message is done.</summary>
    public void Acknowledged(Device device, ushort packetId)
    {
        lock (device.Gate)
        {
            if (device.CloudQueue.FindPacket(packetId) is { } entry)
            {
                End(device, entry, FeedbackStatus.Success);
            }
        }
    }

    /// <summary>Hands the first free message to a receiver over HTTPS, which settles it by its token.</summary>
    public CloudQueueEntry? Take(Device device)
    {
        lock (device.Gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            EndExpired(device, now);
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
            End(device, Locked(device, token), how);
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
                End(device, entry, FeedbackStatus.DeliveryCountExceeded);
                return;
            }

            store.Enqueue(new CloudMessageStore.CountDelivery(entry.Message));
        }

        Deliver(device);
    }

    /// <summary>Ends all messages of a device.</summary>
    /// <returns>How many there were.</returns>
    public int Purge(Device device)
    {
        lock (device.Gate)
        {
            CloudQueueEntry[] all = [.. device.CloudQueue.Entries];
            Array.ForEach(all, entry => End(device, entry, FeedbackStatus.Purged));
            return all.Length;
        }
    }

    private static DateTimeOffset Check(CloudMessageDraft draft, Device device, DateTimeOffset now)
    {
        int size = draft.Body.Length + draft.Properties.Sum(p => Encoding.UTF8.GetByteCount(p.Key) + Encoding.UTF8.GetByteCount(p.Value ?? ""));
        if (size > MaxBytes)
        {
            throw new HubRefusalException(HubErrorCodes.MessageTooLarge, $"The message is {size} bytes long with its properties; at most {MaxBytes}.");
        }

        int topic = MqttTopics.DeviceBound(device.Id, draft.Properties).Length;
        if (topic > MaxTopicBytes)
        {
            throw new HubRefusalException(HubErrorCodes.MessageTooLarge, $"The message's properties take {topic} bytes in a topic; at most {MaxTopicBytes}.");
        }

        return draft.Expiry is not { } expiry ? now + DefaultLife
            : expiry <= now + MaxLife ? expiry
            : throw HubRefusalException.Invalid($"The message's expiry is more than {MaxLife.TotalDays} days ahead.");
    }

    private CloudQueueEntry Locked(Device device, Guid token) => device.CloudQueue.FindLock(token, time.GetUtcNow())
        ?? throw new HubRefusalException(HubErrorCodes.DeviceMessageLockLost, "The message is not locked by this token, or no longer.");

    private async Task DeliverSoonAsync(Device device)
    {
        await Task.Delay(HubChoices.AnswerAfterAck, TimeProvider.System);
        Deliver(device);
    }

    private void Deliver(Device device)
    {
        try
        {
            lock (device.Gate)
            {
                DateTimeOffset now = time.GetUtcNow();
                EndExpired(device, now);
                if (device.CloudQueue.Subscription is not { } subscription || device.Connection is not { } connection)
                {
                    return;
                }

                // A copy, since a message that needs no acknowledgement leaves the queue at once.
                foreach (CloudQueueEntry entry in device.CloudQueue.Entries.ToArray())
                {
                    if (!entry.Stored.IsCompletedSuccessfully)
                    {
                        return; // The next waits for this one, which is about to come.
                    }

                    if (entry.LockedUntil <= now && !TryDeliver(device, connection, subscription, entry, now))
                    {
                        return;
                    }
                }
            }
        }
        catch (HubRefusalException e)
        {
            EndFailed(device.Id, e.Message);
        }
    }

    private bool TryDeliver(Device device, DeviceConnection connection, CloudSubscription subscription, CloudQueueEntry entry, DateTimeOffset now)
    {
        bool acknowledged = subscription.Qos != MqttQualityOfServiceLevel.AtMostOnce;
        ushort packetId = !acknowledged ? (ushort)0 : entry.PacketId != 0 ? entry.PacketId : device.CloudQueue.NextPacketId();
        string topic = MqttTopics.DeviceBoundPrefix(device.Id) + entry.Message.Bag;
        if (!connection.TrySend(topic, entry.Message.Body, acknowledged ? CloudPacket.Mark(packetId, entry.Sent) : null))
        {
            return false;
        }

        if (acknowledged)
        {
            (entry.PacketId, entry.Sent, entry.LockedUntil) = (packetId, true, now + HubChoices.MessageLock);
        }
        else
        {
            End(device, entry, FeedbackStatus.Success);
        }

        return true;
    }

    private void EndExpired(Device device, DateTimeOffset now)
    {
        foreach (CloudQueueEntry entry in device.CloudQueue.Entries.Where(e => e.Message.Expiry <= now && e.Stored.IsCompletedSuccessfully).ToArray())
        {
            End(device, entry, FeedbackStatus.Expired);
        }
    }

    private void End(Device device, CloudQueueEntry entry, FeedbackStatus status)
    {
        (long, FeedbackRecord)? record = FeedbackRecord.IsWished(entry.Message.Wish, status)
            ? feedback.Add(new FeedbackRecord(entry.Message.MessageId, time.GetUtcNow(), status, device.Id, device.Identity.GenerationId))
            : null;
        store.Enqueue(new CloudMessageStore.End(entry.Message, record));
        device.CloudQueue.Remove(entry);
        if (device.CloudQueue.Count == 0)
        {
            waiting.TryRemove(device, out _);
        }
    }

    private void Sweep()
    {
        foreach (Device device in waiting.Keys)
        {
            if (device.Removed)
            {
                waiting.TryRemove(device, out _);
            }
            else
            {
                Deliver(device);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message to device {DeviceId} could not be ended and stays in its queue: {Reason}")]
    private partial void EndFailed(string deviceId, string reason);
}
