using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Device identities, and how many there are.</summary>
internal sealed class DeviceEndpoints(DeviceRegistry registry, DeviceGateway gateway, TimeProvider time)
{
    private const int MaxList = 1000;

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", "/devices", HubPermissions.RegistryRead, ListAsync);
        api.Map(routes, "GET", "/devices/{id}/modules", HubPermissions.RegistryRead, ListModulesAsync);
        foreach (string path in (string[])["/devices/{id}", "/devices/{id}/modules/{module}"])
        {
            api.Map(routes, "GET", path, HubPermissions.RegistryRead, context => AnswerAsync(context, Existing(context)));
            api.Map(routes, "PUT", path, HubPermissions.RegistryWrite, PutAsync);
            api.Map(routes, "DELETE", path, HubPermissions.RegistryWrite, DeleteAsync);
        }

        api.Map(routes, "GET", "/statistics/devices", HubPermissions.RegistryRead, CountAsync);
        api.Map(routes, "GET", "/statistics/service", HubPermissions.ServiceConnect, CountConnectedAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        int top = MaxList;
        if (context.Request.Query["top"] is { Count: > 0 } text
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out top) && top is >= 1 and <= MaxList))
        {
            throw HubRefusalException.Invalid($"'top' must be from 1 to {MaxList}.");
        }

        return AnswerAsync(context, registry.Devices.Take(top));
    }

    private Task ListModulesAsync(HttpContext context) => AnswerAsync(context, registry.Get(Id(context)).Modules.Values.OrderBy(m => m.Id, StringComparer.Ordinal));

    private async Task PutAsync(HttpContext context)
    {
        string id = Id(context);
        string? module = Module(context);
        if (!DeviceIdentity.IsValidId(id) || !(module is null || DeviceIdentity.IsValidId(module)))
        {
            throw HubRefusalException.Invalid("The id is empty, longer than 128 characters, or holds a character that it may not.");
        }

        byte[] body = await RestApi.ReadBodyAsync(context);
        using JsonDocument document = HubJson.Parse(body);
        IdentityRequest request = IdentityRequest.Parse(id, module, document.RootElement);
        if (RestApi.IfMatch(context) is { } ifMatch)
        {
            Device existing = Existing(context);
            await registry.UpdateAsync(existing, ifMatch, request.ApplyTo);
            await AnswerAsync(context, existing);
            return;
        }

        await AnswerAsync(context, await registry.CreateAsync(request.ApplyTo(DeviceIdentity.New(id, time.GetUtcNow(), module))));
    }

    private async Task DeleteAsync(HttpContext context)
    {
        Device device = Existing(context);
        string ifMatch = RestApi.IfMatch(context) ?? throw new HubRefusalException(HubChoices.DeleteWithoutIfMatch, "DELETE needs an If-Match header; * for any.");
        await registry.RemoveAsync(device, ifMatch);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task CountAsync(HttpContext context)
    {
        int all = 0;
        int enabled = 0;
        foreach (Device device in registry.Devices)
        {
            all++;
            enabled += device.Identity.Enabled ? 1 : 0;
        }

        return RestApi.WriteJsonAsync(context, (all, enabled), static (counts, json) =>
        {
            json.WriteStartObject();
            json.WriteNumber("totalDeviceCount"u8, counts.all);
            json.WriteNumber("enabledDeviceCount"u8, counts.enabled);
            json.WriteNumber("disabledDeviceCount"u8, counts.all - counts.enabled);
            json.WriteEndObject();
        });
    }

    private Task CountConnectedAsync(HttpContext context) => RestApi.WriteJsonAsync(context, gateway.ConnectedCount, static (count, json) =>
    {
        json.WriteStartObject();
        json.WriteNumber("connectedDeviceCount"u8, count);
        json.WriteEndObject();
    });

    private static Task AnswerAsync(HttpContext context, IEnumerable<Device> devices) => RestApi.WriteJsonAsync(context, devices, static (all, json) =>
    {
        json.WriteStartArray();
        foreach (Device device in all)
        {
            TwinDocument.WriteIdentity(device, device.Identity, json);
        }

        json.WriteEndArray();
    });

    private static Task AnswerAsync(HttpContext context, Device device)
    {
        DeviceIdentity identity = device.Identity;
        return RestApi.WriteJsonAsync(
            context,
            (device, identity),
            static (s, json) => TwinDocument.WriteIdentity(s.device, s.identity, json),
            ETags.Format(identity.ETag));
    }

    private Device Existing(HttpContext context) => registry.Get(Id(context), Module(context));

    private static string? Module(HttpContext context) => (string?)context.Request.RouteValues["module"];

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;
}
