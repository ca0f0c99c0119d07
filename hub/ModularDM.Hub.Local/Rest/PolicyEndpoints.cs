using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Shared access policies for the owner. With IoT Hub this is Azure Resource Manager's.</summary>
internal sealed class PolicyEndpoints(HubPolicies policies)
{
    private const string Path = "/modulardm/policies";

    // Who may make a policy may do all that it may.
    private const HubPermissions Owner = HubPermissions.RegistryRead | HubPermissions.RegistryWrite | HubPermissions.ServiceConnect | HubPermissions.DeviceConnect;

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", Path, Owner, ListAsync);
        api.Map(routes, "PUT", Path + "/{name}", Owner, PutAsync);
        api.Map(routes, "DELETE", Path + "/{name}", Owner, DeleteAsync);
    }

    private Task ListAsync(HttpContext context) => RestApi.WriteJsonAsync(context, policies.All.OrderBy(p => p.Name, StringComparer.Ordinal), static (all, json) =>
    {
        json.WriteStartArray();
        foreach (HubPolicy policy in all)
        {
            Write(policy, json, withKey: false);
        }

        json.WriteEndArray();
    });

    private async Task PutAsync(HttpContext context)
    {
        string name = Name(context);
        using JsonDocument document = HubJson.Parse(await RestApi.ReadBodyAsync(context));
        JsonElement json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("permissions", out JsonElement permissions) || permissions.ValueKind != JsonValueKind.Array
            || permissions.GetArrayLength() == 0)
        {
            throw HubRefusalException.Invalid("The body needs 'permissions', an array of names.");
        }

        HubPermissions holds = permissions.EnumerateArray().Aggregate(HubPermissions.None, (sum, one) => sum | Permission(one));
        string key = AuthenticationRequest.Key(json, "primaryKey") ?? policies.Find(name)?.Key ?? DeviceIdentity.NewKey();
        var policy = new HubPolicy(name, key, holds);
        await policies.SaveAsync(policy);
        await RestApi.WriteJsonAsync(context, policy, static (p, writer) => Write(p, writer, withKey: true));
    }

    private async Task DeleteAsync(HttpContext context)
    {
        await policies.RemoveAsync(Name(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static HubPermissions Permission(JsonElement json) =>
        json.ValueKind == JsonValueKind.String && Enum.TryParse(json.GetString(), out HubPermissions one)
            && one is HubPermissions.RegistryRead or HubPermissions.RegistryWrite or HubPermissions.ServiceConnect or HubPermissions.DeviceConnect
            ? one
            : throw HubRefusalException.Invalid("'permissions' may hold RegistryRead, RegistryWrite, ServiceConnect and DeviceConnect.");

    private static void Write(HubPolicy policy, Utf8JsonWriter json, bool withKey)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, policy.Name);
        json.WriteStartArray("permissions"u8);
        foreach (HubPermissions one in Enum.GetValues<HubPermissions>().Where(p => p != HubPermissions.None && policy.Permissions.HasFlag(p)))
        {
            json.WriteStringValue(one.ToString());
        }

        json.WriteEndArray();
        if (withKey)
        {
            json.WriteString("primaryKey"u8, policy.Key);
        }

        json.WriteEndObject();
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;
}
