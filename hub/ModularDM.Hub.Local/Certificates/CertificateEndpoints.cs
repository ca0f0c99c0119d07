using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Certificates;

/// <summary>The registered authorities for an operator. With IoT Hub this is Azure Resource Manager's.</summary>
internal sealed class CertificateEndpoints(CertificateAuthorities authorities)
{
    private const string Path = "/modulardm/certificates";

    public void Map(RestApi api, IEndpointRouteBuilder routes)
    {
        api.Map(routes, "GET", Path, HubPermissions.RegistryRead, ListAsync);
        api.Map(routes, "PUT", Path + "/{name}", HubPermissions.RegistryWrite, PutAsync);
        api.Map(routes, "DELETE", Path + "/{name}", HubPermissions.RegistryWrite, DeleteAsync);
    }

    private Task ListAsync(HttpContext context) => RestApi.WriteJsonAsync(context, authorities.All, static (all, json) =>
    {
        json.WriteStartArray();
        foreach ((string name, X509Certificate2 certificate) in all)
        {
            Write(name, certificate, json);
        }

        json.WriteEndArray();
    });

    private async Task PutAsync(HttpContext context)
    {
        string name = Name(context);
        X509Certificate2 certificate = authorities.Read(Encoding.UTF8.GetString(await RestApi.ReadBodyAsync(context)));
        await authorities.SaveAsync(name, certificate);
        await RestApi.WriteJsonAsync(context, (name, certificate), static (s, json) => Write(s.name, s.certificate, json));
    }

    private async Task DeleteAsync(HttpContext context)
    {
        if (!await authorities.RemoveAsync(Name(context)))
        {
            throw new HubRefusalException(HubErrorCodes.DeviceNotFound, $"There is no certificate '{Name(context)}'.");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Write(string name, X509Certificate2 certificate, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, name);
        json.WriteString("subject"u8, certificate.Subject);
        json.WriteString("thumbprint"u8, certificate.GetCertHashString(HashAlgorithmName.SHA256));
        json.WriteString("notBefore"u8, TwinMetadata.Text(certificate.NotBefore));
        json.WriteString("notAfter"u8, TwinMetadata.Text(certificate.NotAfter));
        json.WriteString("certificate"u8, certificate.ExportCertificatePem());
        json.WriteEndObject();
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;
}
