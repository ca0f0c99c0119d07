using System.Net;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Throttling;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.Devices;

/// <summary>Stands before a device's requests: the hub's throttles, and what its faults make of them.</summary>
internal sealed class DeviceGuard(DeviceRequests requests, HubFaults faults, HubThrottles throttles, TimeProvider time)
{
    /// <summary>A device wants to connect.</summary>
    /// <returns>The refusal; <see langword="null"/> when its name and token decide.</returns>
    public async ValueTask<MqttConnectReasonCode?> AdmitAsync(EndPoint remote, string deviceId)
    {
        faults.Links.Identify(remote, deviceId);
        switch (faults.At(FaultOperation.Connect, deviceId, remote)?.Kind)
        {
            case FaultKind.Throttle:
                return MqttConnectReasonCode.ServerUnavailable;
            case FaultKind.Refuse:
                return MqttConnectReasonCode.NotAuthorized;
        }

        try
        {
            await throttles.TakeAsync(throttles.Connections, "A connection", 1, CancellationToken.None);
            return null;
        }
        catch (HubRefusalException)
        {
            return MqttConnectReasonCode.ServerUnavailable;
        }
    }

    /// <inheritdoc cref="DeviceRequests.TryHandleAsync"/>
    public ValueTask<bool> TryHandleAsync(Device device, MqttApplicationMessage message) =>
        faults.Any || throttles.Any ? TryHandleAsync(device, message, Classify(message.Topic, out string? requestId), requestId) : requests.TryHandleAsync(device, message);

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
            Answer429(device, requestId!, new HubRefusalException(HubErrorCodes.ThrottlingException, "The hub is busy."));
            return true;
        }

        // A fault of the link leaves nobody to answer; a method's answer that is lost is one that never came.
        if (fault is not null || (operation == FaultOperation.MethodAnswer && faults.LosesAnswer(operation, device.Id)))
        {
            return true;
        }

        try
        {
            // Held back here, the link's next packets wait behind this one.
            await throttles.TakeAsync(BucketOf(operation), device.Id, 1, CancellationToken.None);
        }
        catch (HubRefusalException e)
        {
            if (operation == FaultOperation.Message)
            {
                // MQTT 3.1.1 has no refusal of a publish; without its PUBACK the device sends again on its next link.
                return false;
            }

            Answer429(device, requestId!, e);
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

    private TokenBucket? BucketOf(FaultOperation operation) => operation switch
    {
        FaultOperation.TwinGet => throttles.TwinReads,
        FaultOperation.TwinReport => throttles.TwinUpdates,
        FaultOperation.Message => throttles.DeviceToCloud,
        _ => null,
    };

    private void Answer429(Device device, string requestId, HubRefusalException refusal)
    {
        if (device.Connection is { TakesTwinAnswers: true } connection)
        {
            connection.TrySend(MqttTopics.TwinResponse(HubErrorCodes.StatusOf(refusal.Code), requestId), refusal.ToBody(time.GetUtcNow()).ToDeviceJson());
        }
    }
}
