using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ModularDM.Benchmarks.EndToEnd;
using ModularDM.Hub.Protocol;

namespace ModularDM.Benchmarks.Hub;

/// <summary>A service of a hub, or of its peer: as many kept HTTPS connections as calls are in flight.</summary>
internal static class HubClient
{
    public static HttpClient Create(LocalHubProcess hub)
    {
        var connection = HubConnectionString.Parse(hub.ServiceConnectionString);
        HubEndpoint endpoint = connection.GetHttpsEndpoint();
        HttpClient client = Create($"https://{endpoint.Host}:{endpoint.Port}", hub.CaFile);
        client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(
            SasToken.Create(connection.HostName, connection.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(6), connection.SharedAccessKeyName));
        return client;
    }

    public static HttpClient Create(string address, string caFile)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(caFile) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return new HttpClient(handler) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Where the hub's devices connect.</summary>
    public static HubEndpoint MqttEndpoint(LocalHubProcess hub) => new(HubConnectionString.Parse(hub.ServiceConnectionString).GetHttpsEndpoint().Host, hub.MqttPort);

    public static async Task<byte[]> SendAsync(HttpClient client, HttpMethod verb, string path, byte[] body)
    {
        using var request = new HttpRequestMessage(verb, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await client.SendAsync(request);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return response.IsSuccessStatusCode
            ? answer
            : throw new InvalidOperationException($"{verb} {path} was answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(answer)}");
    }
}
