using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>A device's own way to its messages over HTTPS, where it can also refuse one or give it back.</summary>
internal sealed class CloudReceiveEndpoints(DeviceRegistry registry, CloudMessages messages, HubTokens tokens)
{
    private const string Path = "/devices/{id}/messages/deviceBound";
    private const string PropertyPrefix = "iothub-app-";

    // The headers of the system properties; all others are the application's.
    private static readonly Dictionary<string, string> SystemHeaders = new(StringComparer.Ordinal)
    {
        [PropertyBag.SystemNames.MessageId] = "iothub-messageid",
        [PropertyBag.SystemNames.CorrelationId] = "iothub-correlationid",
        [PropertyBag.SystemNames.UserId] = "iothub-userid",
        [PropertyBag.SystemNames.ContentType] = "iothub-contenttype",
        [PropertyBag.SystemNames.ContentEncoding] = "iothub-contentencoding",
        [PropertyBag.SystemNames.CreationTime] = "iothub-creationtimeutc",
        ["$.to"] = "iothub-to",
        ["$.exp"] = "iothub-expiry",
        ["iothub-ack"] = "iothub-ack",
    };

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", Path, HubPermissions.DeviceConnect, ReceiveAsync, authorize: Authorize);
        api.Map(routes, "DELETE", Path + "/{token}", HubPermissions.DeviceConnect, EndAsync, authorize: Authorize);
        api.Map(routes, "POST", Path + "/{token}/abandon", HubPermissions.DeviceConnect, AbandonAsync, authorize: Authorize);
    }

    private string Authorize(HttpContext context)
    {
        string? token = context.Request.Headers.Authorization;
        return registry.Find(Id(context)) is { Identity.Enabled: true } device && tokens.RefuseDevice(device.Identity, token, out _) is null
            ? device.Id
            : throw HubRefusalException.Unauthorized("The token is not valid for this device, or the device is not there or disabled.");
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (messages.Take(registry.Get(Id(context))) is not { } entry)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        CloudMessage message = entry.Message;
        response.Headers.ETag = $"\"{entry.Token:N}\"";
        response.Headers["iothub-sequencenumber"] = message.Sequence.ToString(CultureInfo.InvariantCulture);
        response.Headers["iothub-enqueuedtime"] = TwinMetadata.Text(message.Enqueued);
        response.Headers["iothub-deliverycount"] = message.Deliveries.ToString(CultureInfo.InvariantCulture);
        if (PropertyBag.TryParse(message.Bag, out IReadOnlyDictionary<string, string?>? properties))
        {
            foreach ((string name, string? value) in properties)
            {
                // A header holds ASCII alone: escaped as in a topic.
                string header = SystemHeaders.GetValueOrDefault(name) ?? PropertyPrefix + Uri.EscapeDataString(name);
                response.Headers[header] = new StringValues(Uri.EscapeDataString(value ?? ""));
            }
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = message.Body.Length;
        await response.BodyWriter.WriteAsync(message.Body, context.RequestAborted);
    }

    private Task EndAsync(HttpContext context)
    {
        FeedbackStatus how = context.Request.Query.ContainsKey("reject") ? FeedbackStatus.Rejected : FeedbackStatus.Success;
        messages.Settle(registry.Get(Id(context)), Token(context), how);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task AbandonAsync(HttpContext context)
    {
        messages.Abandon(registry.Get(Id(context)), Token(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static Guid Token(HttpContext context) => Guid.TryParseExact((string)context.Request.RouteValues["token"]!, "N", out Guid token)
        ? token
        : throw new HubRefusalException(HubErrorCodes.DeviceMessageLockLost, "The lock token is none of this hub's.");
}
