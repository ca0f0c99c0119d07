using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Routing;

namespace ModularDM.Hub.Local.Rest;

/// <summary>How the routes do. IoT Hub has no such path.</summary>
internal sealed class RouteEndpoints(MessageRouter router)
{
    public void Map(RestApi api, IEndpointRouteBuilder routes) => api.Map(routes, "GET", "/modulardm/routes", HubPermissions.ServiceConnect, ListAsync);

    private Task ListAsync(HttpContext context) => RestApi.WriteJsonAsync(context, router.Routes, static (routes, json) =>
    {
        json.WriteStartArray();
        foreach (Routing.Route route in routes)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, route.Settings.Name);
            json.WriteString("source"u8, JsonNamingPolicy.CamelCase.ConvertName(route.Settings.Source.ToString()!));
            json.WriteNumber("waiting"u8, route.Waiting);
            json.WriteNumber("delivered"u8, route.Delivered);
            json.WriteNumber("dropped"u8, route.Dropped);
            json.WriteNumber("failed"u8, route.Failed);
            json.WriteString("lastError"u8, route.LastError);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
