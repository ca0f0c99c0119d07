using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Messages;

/// <summary>The messages that devices sent, the newest of each kept for an operator to read.</summary>
internal sealed class MessageLog(HubStore store, int perDevice, TimeProvider time)
{
    /// <summary>Queues a message; the task ends when it is on disk.</summary>
    /// <exception cref="HubRefusalException">The store takes no more.</exception>
    public Task Append(Device device, IReadOnlyDictionary<string, string?> properties, byte[] body)
    {
        byte[] json = HubJson.Bytes(properties, static (bag, writer) =>
        {
            writer.WriteStartObject();
            foreach ((string name, string? value) in bag)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        });
        lock (device.Gate)
        {
            long sequence = device.LastMessage + 1;
            var append = new MessageStore.Append(new DeviceMessage(device.Id, sequence, time.GetUtcNow(), json, body), sequence - perDevice);
            store.Enqueue(append);
            device.LastMessage = sequence;
            return append.Done;
        }
    }

    public IReadOnlyList<DeviceMessage> Read(string deviceId, long after, int top) => store.ReadMessages(deviceId, after, top);
}
