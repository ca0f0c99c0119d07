using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>What services do over HTTPS about messages to devices: empty a queue, and read how messages ended.</summary>
internal sealed class CloudMessageEndpoints(DeviceRegistry registry, CloudMessages messages, FeedbackQueue feedback)
{
    private const string FeedbackPath = "/messages/serviceBound/feedback";

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "DELETE", "/devices/{id}/commands", HubPermissions.ServiceConnect, PurgeAsync);
        api.Map(routes, "GET", FeedbackPath, HubPermissions.ServiceConnect, ReadAsync);
        api.Map(routes, "DELETE", FeedbackPath + "/{token}", HubPermissions.ServiceConnect, context => SettleAsync(context, feedback.Complete));
        api.Map(routes, "POST", FeedbackPath + "/{token}/abandon", HubPermissions.ServiceConnect, context => SettleAsync(context, feedback.Release));
    }

    private Task PurgeAsync(HttpContext context)
    {
        Device device = registry.Get((string)context.Request.RouteValues["id"]!);
        return RestApi.WriteJsonAsync(context, (Count: messages.Purge(device), device.Id), static (purged, json) =>
        {
            json.WriteStartObject();
            json.WriteNumber("totalMessagesPurged"u8, purged.Count);
            json.WriteString("deviceId"u8, purged.Id);
            json.WriteNull("moduleId"u8);
            json.WriteEndObject();
        });
    }

    private Task ReadAsync(HttpContext context)
    {
        if (feedback.TryTake() is not { } batch)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        // A feedback message's ETag is the token of its lock.
        return RestApi.WriteJsonAsync(context, batch.Records, static (records, json) => WriteRecords(records, json), batch.Token.ToString("N"));
    }

    /// <summary>Writes a batch as the body that its readers know.</summary>
    public static void WriteRecords(IReadOnlyList<FeedbackRecord> records, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (FeedbackRecord record in records)
        {
            record.WriteTo(json);
        }

        json.WriteEndArray();
    }

    private static Task SettleAsync(HttpContext context, Func<Guid, bool> settle)
    {
        if (!Guid.TryParseExact((string)context.Request.RouteValues["token"]!, "N", out Guid token) || !settle(token))
        {
            throw new HubRefusalException(HubErrorCodes.DeviceMessageLockLost, "The feedback is not locked by this token, or no longer.");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
