using System.Net;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.Devices;

/// <summary>Stands before a device's requests: what the hub's faults make of them.</summary>
internal sealed class DeviceGuard(DeviceRequests requests, HubFaults faults, TimeProvider time)
{
    /// <summary>A device wants to connect.</summary>
    /// <returns>The refusal; <see langword="null"/> when its name and token decide.</returns>
    public MqttConnectReasonCode? Admit(EndPoint remote, string deviceId)
    {
        faults.Links.Identify(remote, deviceId);
        return faults.At(FaultOperation.Connect, deviceId, remote)?.Kind switch
        {
            FaultKind.Throttle => MqttConnectReasonCode.ServerUnavailable,
            FaultKind.Refuse => MqttConnectReasonCode.NotAuthorized,
            _ => null,
        };
    }

    /// <inheritdoc cref="DeviceRequests.TryHandleAsync"/>
    public ValueTask<bool> TryHandleAsync(Device device, MqttApplicationMessage message) =>
        faults.Any ? TryHandleAsync(device, message, Classify(message.Topic, out string? requestId), requestId) : requests.TryHandleAsync(device, message);

    private static FaultOperation Classify(string topic, out string? requestId) =>
        MqttTopics.TryParseMethodResponse(topic, out _, out requestId) ? FaultOperation.MethodAnswer
        : MqttTopics.TryParseTwinGet(topic, out requestId) ? FaultOperation.TwinGet
        : MqttTopics.TryParseReportedPatch(topic, out requestId) ? FaultOperation.TwinReport
        : FaultOperation.Message;

    private async ValueTask<bool> TryHandleAsync(Device device, MqttApplicationMessage message, FaultOperation operation, string? requestId)
    {
        EndPoint? remote = device.Connection?.Remote;
        Fault? fault = faults.At(operation, device.Id, remote);
        if (fault?.Kind == FaultKind.Throttle)
        {
            byte[] body = new HubRefusalException(HubErrorCodes.ThrottlingException, "The hub is busy.").ToBody(time.GetUtcNow()).ToDeviceJson();
            device.Connection?.TrySend(MqttTopics.TwinResponse(429, requestId!), body);
            return true;
        }

        // A fault of the link leaves nobody to answer; a method's answer that is lost is one that never came.
        if (fault is not null || (operation == FaultOperation.MethodAnswer && faults.LosesAnswer(operation, device.Id)))
        {
            return true;
        }

        bool taken = await requests.TryHandleAsync(device, message);
        if (taken && operation == FaultOperation.Message && remote is not null && faults.LosesAnswer(operation, device.Id))
        {
            // The PUBACK is sent after this: without a link it goes nowhere.
            faults.Links.Strike(remote, FaultKind.Reset);
        }

        return taken;
    }
}
