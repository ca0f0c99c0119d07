using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>IoT Hub's import and export of devices through blob storage, which this hub has none of: a caller is told what to use.</summary>
internal static class BlobJobEndpoints
{
    public static void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        foreach ((string verb, string path) in (ReadOnlySpan<(string, string)>)[("POST", "/jobs/create"), ("GET", "/jobs"), ("GET", "/jobs/{id}"), ("DELETE", "/jobs/{id}")])
        {
            HubPermissions needed = verb == "GET" ? HubPermissions.RegistryRead : HubPermissions.RegistryWrite;
            api.Map(routes, verb, path, needed, static _ => throw new HubRefusalException(
                HubErrorCodes.InvalidOperation,
                "This hub has no blob storage to import from or export to. Import with POST /devices, at most 100 at a time; export with GET /devices and GET /twins/{id}."));
        }
    }
}
