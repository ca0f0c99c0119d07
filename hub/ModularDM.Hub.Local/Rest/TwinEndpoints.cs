using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Twins and direct methods.</summary>
internal sealed class TwinEndpoints(DeviceRegistry registry, MethodInvoker methods)
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/twins/{id}", "/twins/{id}/modules/{module}"])
        {
            api.Map(routes, "GET", path, HubPermissions.ServiceConnect, GetAsync);
            api.Map(routes, "PATCH", path, HubPermissions.ServiceConnect, context => ChangeAsync(context, replace: false));
            api.Map(routes, "PUT", path, HubPermissions.ServiceConnect, context => ChangeAsync(context, replace: true));
            api.Map(routes, "POST", path + "/methods", HubPermissions.ServiceConnect, InvokeAsync, methodsStyle: true);
        }
    }

    private Task GetAsync(HttpContext context)
    {
        Device device = Find(context);
        return AnswerAsync(context, device, device.Twin);
    }

    private async Task ChangeAsync(HttpContext context, bool replace)
    {
        Device device = Find(context);
        byte[] body = await RestApi.ReadBodyAsync(context);
        using JsonDocument document = HubJson.Parse(body);
        JsonElement json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        JsonElement? omitted = replace && !HubChoices.PutKeepsOmittedSections ? Empty : null;
        JsonElement? tags = json.Object("tags") ?? omitted;
        JsonElement? desired = json.Object("properties")?.Object("desired") ?? omitted;
        await AnswerAsync(context, device, await registry.ChangeTwinAsync(device, RestApi.IfMatch(context), tags, desired, replace));
    }

    private async Task InvokeAsync(HttpContext context)
    {
        Device device = Find(context);
        MethodRequest request = MethodRequest.Parse(await RestApi.ReadBodyAsync(context));
        MethodAnswer answer = await methods.InvokeAsync(device, request, context.RequestAborted);
        await RestApi.WriteJsonAsync(context, answer, static (a, json) =>
        {
            json.WriteStartObject();
            json.WriteNumber("status"u8, a.Status);
            json.WritePropertyName("payload"u8);
            if (a.Payload.Length == 0)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteRawValue(a.Payload, skipInputValidation: true);
            }

            json.WriteEndObject();
        });
    }

    private static Task AnswerAsync(HttpContext context, Device device, Twin twin) => RestApi.WriteJsonAsync(
        context,
        (device, twin),
        static (s, json) => TwinDocument.WriteForService(s.device, s.twin, json),
        ETags.Format(twin.ETag));

    private Device Find(HttpContext context) => registry.Get((string)context.Request.RouteValues["id"]!, (string?)context.Request.RouteValues["module"]);
}
