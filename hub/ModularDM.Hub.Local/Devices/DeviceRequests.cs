using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local.Devices;

/// <summary>What a device publishes: twin requests, answers to methods, and messages.</summary>
internal sealed partial class DeviceRequests(DeviceRegistry registry, MethodInvoker methods, MessageLog messages, TimeProvider time, ILogger<DeviceRequests> logger)
{
    /// <summary>Marks what a device published on its link, in a field that MQTT 3.1.1 does not carry: what comes without it is the broker's sending of a will.</summary>
    public static readonly byte[] Received = [1];

    /// <summary>Handles one publish.</summary>
    /// <returns><see langword="false"/> when the hub does not take it and the link must end.</returns>
    public async ValueTask<bool> TryHandleAsync(Device device, MqttApplicationMessage message)
    {
        device.LastActivity = time.GetUtcNow();
        string topic = message.Topic;
        if (MqttTopics.TryParseMethodResponse(topic, out int status, out string? requestId))
        {
            methods.Complete(device, requestId, status, message.Payload);
            return true;
        }

        bool acknowledged = message.QualityOfServiceLevel != MqttQualityOfServiceLevel.AtMostOnce;
        if (MqttTopics.TryParseTwinGet(topic, out requestId))
        {
            _ = AnswerAsync(device, MqttTopics.TwinResponse(200, requestId), TwinDocument.ForDevice(device.Twin), acknowledged);
            return true;
        }

        if (MqttTopics.TryParseReportedPatch(topic, out requestId))
        {
            // The patch takes effect before this returns, in the order of the device's publishes; only the answer waits for the disk.
            _ = AnswerPatchAsync(device, requestId, message.Payload.ToArray(), acknowledged);
            return true;
        }

        if (!MqttTopics.TryParseTelemetry(topic, out string? sender, out IReadOnlyDictionary<string, string?>? properties)
            || sender != device.Id)
        {
            return false;
        }

        try
        {
            Task stored = messages.Append(device, Marked(properties, message), message.Payload.ToArray());
            if (acknowledged)
            {
                await stored;
            }

            return true;
        }
        catch (HubRefusalException e)
        {
            // MQTT 3.1.1 has no refusal of a publish; without its PUBACK the device sends again on its next link.
            MessageRefused(device.Id, e.Message);
            return false;
        }
    }

    private static IReadOnlyDictionary<string, string?> Marked(IReadOnlyDictionary<string, string?> properties, MqttApplicationMessage message)
    {
        bool will = message.CorrelationData != Received;
        if (!will && !message.Retain)
        {
            return properties;
        }

        var marked = new Dictionary<string, string?>(properties, StringComparer.Ordinal);
        if (will)
        {
            marked["iothub-MessageType"] = "Will";
        }

        if (message.Retain)
        {
            marked["mqtt-retain"] = "true";
        }

        return marked;
    }

    private async Task AnswerPatchAsync(Device device, string requestId, byte[] body, bool afterAck)
    {
        string topic;
        byte[] answer = [];
        try
        {
            using JsonDocument patch = HubJson.Parse(body);
            long version = await registry.ReportAsync(device, patch.RootElement);
            topic = MqttTopics.TwinResponse(204, requestId, version);
        }
        catch (HubRefusalException e)
        {
            topic = MqttTopics.TwinResponse(HubErrorCodes.StatusOf(e.Code), requestId);
            answer = e.ToBody(time.GetUtcNow()).ToDeviceJson();
        }
        catch (Exception e)
        {
            PatchFailed(device.Id, e);
            topic = MqttTopics.TwinResponse(500, requestId);
            answer = new HubRefusalException(HubErrorCodes.ServerError, "An internal error occurred.").ToBody(time.GetUtcNow()).ToDeviceJson();
        }

        await AnswerAsync(device, topic, answer, afterAck);
    }

    private async Task AnswerAsync(Device device, string topic, byte[] body, bool afterAck)
    {
        if (afterAck)
        {
            await Task.Delay(HubChoices.AnswerAfterAck, TimeProvider.System);
        }

        if (device.Connection is not { TakesTwinAnswers: true } connection || !connection.TrySend(topic, body))
        {
            AnswerDropped(device.Id, topic);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message of device {DeviceId} was refused and its link is closed: {Reason}")]
    private partial void MessageRefused(string deviceId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A reported patch of device {DeviceId} failed")]
    private partial void PatchFailed(string deviceId, Exception cause);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Device {DeviceId} is not there for the answer {Topic}")]
    private partial void AnswerDropped(string deviceId, string topic);
}
