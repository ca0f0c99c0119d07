using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Rest;

/// <summary>The messages of a device or module for an operator. IoT Hub has no such path: there one reads the Event Hubs endpoint.</summary>
internal sealed class MessageEndpoints(DeviceRegistry registry, MessageLog messages)
{
    private const int MaxTop = 1000;

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", "/modulardm/devices/{id}/messages", HubPermissions.ServiceConnect, ListAsync);
        api.Map(routes, "GET", "/modulardm/devices/{id}/modules/{module}/messages", HubPermissions.ServiceConnect, ListAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        Device device = registry.Get((string)context.Request.RouteValues["id"]!, (string?)context.Request.RouteValues["module"]);
        long after = Number(context, "after", 0, long.MaxValue, 0);
        int top = (int)Number(context, "top", 1, MaxTop, 100);
        return RestApi.WriteJsonAsync(context, messages.Read(device.Id, after, top), static (found, json) =>
        {
            json.WriteStartArray();
            foreach (DeviceMessage message in found)
            {
                Write(message, json);
            }

            json.WriteEndArray();
        });
    }

    /// <summary>Writes a message as it is read.</summary>
    public static void Write(DeviceMessage message, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence"u8, message.Sequence);
        json.WriteString("enqueuedTime"u8, TwinMetadata.Text(message.Enqueued));
        string[] sender = message.DeviceId.Split('/');
        json.WriteString("connectionDeviceId"u8, sender[0]);
        if (sender.Length > 1)
        {
            json.WriteString("connectionModuleId"u8, sender[1]);
        }

        json.WritePropertyName("properties"u8);
        json.WriteRawValue(message.Properties, skipInputValidation: true);
        if (HubJson.IsValid(message.Body))
        {
            json.WritePropertyName("body"u8);
            json.WriteRawValue(message.Body, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("bodyBase64"u8, message.Body);
        }

        json.WriteEndObject();
    }

    private static long Number(HttpContext context, string name, long least, long most, long otherwise)
    {
        if (context.Request.Query[name] is not { Count: > 0 } text)
        {
            return otherwise;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw HubRefusalException.Invalid($"'{name}' must be a whole number from {least} to {most}.");
    }
}
