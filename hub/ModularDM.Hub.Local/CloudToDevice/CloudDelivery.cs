using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>Carries waiting messages to devices on MQTT: in order, and again until they are acknowledged.</summary>
internal sealed partial class CloudDelivery(CloudMessageEnds ends, TimeProvider time, ILogger<CloudDelivery> logger)
{
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
                ends.End(device, entry, FeedbackStatus.Success);
            }
        }
    }

    /// <summary>Sends what waits and may go now.</summary>
    public void Deliver(Device device)
    {
        try
        {
            lock (device.Gate)
            {
                DateTimeOffset now = time.GetUtcNow();
                ends.EndExpired(device, now);
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

    private async Task DeliverSoonAsync(Device device)
    {
        await Task.Delay(HubChoices.AnswerAfterAck, TimeProvider.System);
        Deliver(device);
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
            ends.End(device, entry, FeedbackStatus.Success);
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message to device {DeviceId} could not be ended and stays in its queue: {Reason}")]
    private partial void EndFailed(string deviceId, string reason);
}
