using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Faults;

/// <summary>Faults by REST. IoT Hub has no such path, and this one answers only the policy that may do everything.</summary>
internal sealed class FaultEndpoints(HubFaults faults, bool allowed)
{
    public const string Path = "/modulardm/faults";

    private const HubPermissions All = HubPermissions.RegistryRead | HubPermissions.RegistryWrite | HubPermissions.ServiceConnect | HubPermissions.DeviceConnect;

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        Add("GET", Path, ListAsync);
        Add("DELETE", Path, ClearAsync);
        Add("PUT", Path + "/{fault}", PutAsync);
        Add("DELETE", Path + "/{fault}", RemoveAsync);

        void Add(string verb, string pattern, Func<HttpContext, Task> handler) => api.Map(routes, verb, pattern, All, allowed ? handler : RefuseAsync);
    }

    private static Task RefuseAsync(HttpContext context) =>
        throw new HubRefusalException(HubErrorCodes.InvalidOperation, "Faults are switched off. Start the hub with --allow-faults.");

    private Task ListAsync(HttpContext context) => RestApi.WriteJsonAsync(context, faults.All, static (all, json) =>
    {
        json.WriteStartArray();
        foreach (InjectedFault fault in all)
        {
            FaultJson.Write(fault, json);
        }

        json.WriteEndArray();
    });

    private async Task PutAsync(HttpContext context)
    {
        byte[] body = await RestApi.ReadBodyAsync(context);
        using JsonDocument document = HubJson.Parse(body);
        Fault fault = FaultJson.Parse(document.RootElement);
        try
        {
            await RestApi.WriteJsonAsync(context, faults.Put(Name(context), fault), static (injected, json) => FaultJson.Write(injected, json));
        }
        catch (ArgumentException e)
        {
            throw HubRefusalException.Invalid(e.Message);
        }
    }

    private Task RemoveAsync(HttpContext context)
    {
        if (!faults.Remove(Name(context)))
        {
            throw new HubRefusalException(HubErrorCodes.InvalidOperation, $"There is no fault '{Name(context)}'.");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task ClearAsync(HttpContext context)
    {
        faults.Clear();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["fault"]!;
}
