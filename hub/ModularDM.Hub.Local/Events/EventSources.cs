using System.Text.Json;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Events;

/// <summary>Turns what the hub's parts say into events.</summary>
internal sealed class EventSources(EventLog log)
{
    public void Watch(DeviceRegistry registry, DeviceGateway gateway, MethodInvoker methods, MessageLog messages)
    {
        registry.TwinChanged += OnTwin;
        registry.Created += device => OnIdentity(HubEventTypes.DeviceCreated, device);
        registry.Updated += device => OnIdentity(HubEventTypes.DeviceChanged, device);
        registry.Removed += device => OnIdentity(HubEventTypes.DeviceRemoved, device);
        gateway.LinkUp += device => log.Publish(HubEventTypes.Connected, device.Id, static _ => { });
        gateway.LinkDown += (device, reason) => log.Publish(HubEventTypes.Disconnected, device.Id, json => json.WriteString("reason"u8, reason));
        methods.Invoked += OnMethod;
        messages.Appended += OnMessage;
    }

    private void OnTwin(Device device, TwinSectionChange change) => log.Publish(HubEventTypes.TwinChanged, device.Id, json =>
    {
        json.WriteString("section"u8, change.Section);
        if (change.Version is { } version)
        {
            json.WriteNumber("version"u8, version);
        }

        json.WriteBoolean("replaced"u8, change.Replaced);
        json.WritePropertyName("patch"u8);
        change.Patch.WriteTo(json);
        WriteBy(json, byDevice: change.Section == TwinSectionChange.Reported);
    });

    private void OnIdentity(string type, Device device) => log.Publish(type, device.Id, json =>
    {
        json.WriteString("status"u8, device.Identity.Enabled ? "enabled"u8 : "disabled"u8);
        WriteBy(json, byDevice: false);
    });

    private void OnMethod(Device device, MethodOutcome outcome) => log.Publish(HubEventTypes.MethodInvoked, device.Id, json =>
    {
        json.WriteString("method"u8, outcome.Method);
        if (outcome.Status is { } status)
        {
            json.WriteNumber("status"u8, status);
        }
        else
        {
            json.WriteString("error"u8, HubErrorCodes.NameOf(outcome.ErrorCode));
        }

        WriteBy(json, byDevice: false);
    });

    // Without the body: whoever wants it reads the device's messages from this sequence on.
    private void OnMessage(Device device, DeviceMessage message) => log.Publish(HubEventTypes.MessageArrived, device.Id, json =>
    {
        json.WriteNumber("sequence"u8, message.Sequence);
        json.WriteNumber("bodyBytes"u8, message.Body.Length);
        json.WritePropertyName("properties"u8);
        json.WriteRawValue(message.Properties, skipInputValidation: true);
    });

    private static void WriteBy(Utf8JsonWriter json, bool byDevice)
    {
        HubCaller? caller = byDevice ? null : HubCaller.Current;
        json.WriteStartObject("by"u8);
        json.WriteString("kind"u8, byDevice ? "device"u8 : caller?.Policy is null ? "hub"u8 : "service"u8);
        WriteIfAny(json, "policy"u8, caller?.Policy);
        WriteIfAny(json, "actor"u8, caller?.Actor);
        json.WriteEndObject();
    }

    private static void WriteIfAny(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
