using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Messages;

/// <summary>The messages that devices sent, the newest of each kept for an operator to read.</summary>
internal sealed class MessageLog(HubStore store, int perDevice, TimeProvider time)
{
    /// <summary>The largest message: body, values of system properties, names and values of the others.</summary>
    private const int MaxBytes = 256 * 1024;

    /// <summary>Called with each message, in the order of its device's.</summary>
    public event Action<Device, DeviceMessage>? Appended;

    /// <summary>Queues a message; the task ends when it is on disk.</summary>
    /// <exception cref="HubRefusalException">The message is too large, or the store takes no more.</exception>
    public Task Append(Device device, IReadOnlyDictionary<string, string?> properties, byte[] body)
    {
        DateTimeOffset now = time.GetUtcNow();
        long size = MessageProperties.Size(properties) + body.Length;
        if (size > MaxBytes)
        {
            throw new HubRefusalException(HubErrorCodes.MessageTooLarge, $"It is {size} bytes long with its properties; at most {MaxBytes}.");
        }

        byte[] json = MessageProperties.ToJson(properties, device.Identity, now);
        lock (device.Gate)
        {
            long sequence = device.LastMessage + 1;
            var append = new MessageStore.Append(new DeviceMessage(device.Id, sequence, now, json, body), sequence - perDevice);
            store.Enqueue(append);
            device.LastMessage = sequence;
            Appended?.Invoke(device, append.Message);
            return append.Done;
        }
    }

    public IReadOnlyList<DeviceMessage> Read(string deviceId, long after, int top) => store.ReadMessages(deviceId, after, top);
}
