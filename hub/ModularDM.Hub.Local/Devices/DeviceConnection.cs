using System.Net;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Devices;

/// <summary>
/// One link of one device. The broker's own session outlives links and its items are kept from the first, so that what belongs to a link lives here.
/// </summary>
internal sealed class DeviceConnection(string deviceId, EndPoint remote, DateTimeOffset accepted, DateTimeOffset tokenExpiry, HubFaults faults)
{
    private readonly Lock gate = new();
    private readonly HashSet<string> filters = new(StringComparer.Ordinal);
    private volatile MqttSessionStatus? session;
    private volatile bool takesMethods;
    private volatile bool takesDesired;
    private volatile bool takesTwinAnswers;

    public string DeviceId { get; } = deviceId;

    /// <summary>The digital-twin model that the CONNECT named.</summary>
    public string? ModelId { get; init; }

    public EndPoint Remote { get; } = remote;

    public DateTimeOffset Accepted { get; } = accepted;

    public DateTimeOffset TokenExpiry { get; } = tokenExpiry;

    /// <summary>Whether nothing of an earlier link holds.</summary>
    public bool CleanSession { get; init; }

    /// <summary>What the device promised in seconds; 0 for nothing.</summary>
    public ushort KeepAlive { get; init; }

    /// <summary>When the last packet came.</summary>
    public DateTimeOffset LastReceived { get; set; } = accepted;

    /// <summary>Why the hub closes the link, if it does.</summary>
    public string? CloseReason { get; set; }

    public bool TakesMethods => takesMethods;

    public bool TakesDesired => takesDesired;

    public bool TakesTwinAnswers => takesTwinAnswers;

    /// <summary>Subscribes the device; <see langword="false"/> for a filter that is not one of the hub's or is one too many.</summary>
    public bool TrySubscribe(string filter, MqttSessionStatus status)
    {
        bool known = filter is MqttTopics.TwinResponseFilter or MqttTopics.DesiredFilter or MqttTopics.MethodFilter || filter == OwnFilter;
        lock (gate)
        {
            if (!known || (filters.Count >= HubChoices.MaxSubscriptions && !filters.Contains(filter)))
            {
                return false;
            }

            session = status;
            filters.Add(filter);
            Refresh();
        }

        return true;
    }

    /// <summary>Takes over a subscription of the session that goes on.</summary>
    public void Resume(string filter, MqttSessionStatus status)
    {
        lock (gate)
        {
            session = status;
            filters.Add(filter);
        }
    }

    public void Unsubscribe(string filter)
    {
        lock (gate)
        {
            filters.Remove(filter);
            Refresh();
        }
    }

    /// <summary>Hands a message to the link's send queue.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="payload">The body.</param>
    /// <param name="mark">For a message that is to be acknowledged: see <see cref="CloudToDevice.CloudPacket"/>.</param>
    /// <returns>Whether the queue took it.</returns>
    public bool TrySend(string topic, byte[] payload, byte[]? mark = null)
    {
        if (faults.Any && IsLost(topic))
        {
            return true;
        }

        var message = new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = new ArraySegment<byte>(payload),
            QualityOfServiceLevel = HubChoices.DeliveryQos,
            CorrelationData = mark,
        };
        return session is { } live && live.TryEnqueueApplicationMessage(message, out _);
    }

    private string OwnFilter => DeviceId.Contains('/', StringComparison.Ordinal) ? MqttTopics.ModuleFilter(DeviceId) : MqttTopics.DeviceBoundFilter(DeviceId);

    private bool IsLost(string topic)
    {
        if (MqttTopics.TryParseTwinResponse(topic, out int status, out _, out _))
        {
            return status is 200 or 204 && faults.LosesAnswer(status == 200 ? FaultOperation.TwinGet : FaultOperation.TwinReport, DeviceId);
        }

        FaultOperation? operation = MqttTopics.TryParseMethodRequest(topic, out _, out _) ? FaultOperation.Method
            : MqttTopics.TryParseDesiredPatch(topic, out _) ? FaultOperation.Desired
            : null;
        return operation is { } sent && faults.At(sent, DeviceId, Remote) is not null;
    }

    private void Refresh()
    {
        takesMethods = filters.Contains(MqttTopics.MethodFilter);
        takesDesired = filters.Contains(MqttTopics.DesiredFilter);
        takesTwinAnswers = filters.Contains(MqttTopics.TwinResponseFilter);
    }
}
