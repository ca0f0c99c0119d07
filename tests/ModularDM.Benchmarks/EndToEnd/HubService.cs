using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ModularDM.Hub.Protocol;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>The cloud's side: one kept HTTPS connection to the hub's REST API.</summary>
internal sealed class HubService : IDisposable
{
    private const string Version = "?api-version=2021-04-12";
    private readonly HttpClient _http;

    public HubService(LocalHubProcess hub)
    {
        var connection = HubConnectionString.Parse(hub.ServiceConnectionString);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(hub.CaFile) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        HubEndpoint endpoint = connection.GetHttpsEndpoint();
        _http = new HttpClient(handler) { BaseAddress = new Uri($"https://{endpoint.Host}:{endpoint.Port}"), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(
            SasToken.Create(connection.HostName, connection.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(6), connection.SharedAccessKeyName));
    }

    public Task<byte[]> InvokeAsync(string device, string method, string payload) => SendAsync(
        HttpMethod.Post, $"/twins/{device}/methods{Version}", $$"""{"methodName":"{{method}}","responseTimeoutInSeconds":30,"payload":{{payload}}}""");

    public Task PatchDesiredAsync(string device, string desired) =>
        SendAsync(HttpMethod.Patch, $"/twins/{device}{Version}", $$$"""{"properties":{"desired":{{{desired}}}}}""");

    public async Task<JsonElement> GetTwinAsync(string device) => JsonElement.Parse(await SendAsync(HttpMethod.Get, $"/twins/{device}{Version}", null));

    public void Dispose() => _http.Dispose();

    private async Task<byte[]> SendAsync(HttpMethod verb, string path, string? body)
    {
        using var request = new HttpRequestMessage(verb, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using HttpResponseMessage response = await _http.SendAsync(request);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return response.IsSuccessStatusCode
            ? answer
            : throw new InvalidOperationException($"{verb} {path} was answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(answer)}");
    }
}
