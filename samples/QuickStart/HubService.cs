using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using ModularDM.Hub.Protocol;

namespace ModularDM.Samples.QuickStart;

/// <summary>The little that QuickStart asks of the hub's service side.</summary>
internal sealed class HubService : IDisposable
{
    private readonly HubConnectionString _connection;
    private readonly HttpClient _http;

    public HubService(HubReady hub)
    {
        _connection = HubConnectionString.Parse(hub.ServiceConnectionString);
        X509Certificate2 ca = X509CertificateLoader.LoadCertificateFromFile(hub.CaFile);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { ca },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri($"https://{hub.Host}:{hub.HttpsPort}"), Timeout = TimeSpan.FromSeconds(10) };
    }

    public string MakeToken(TimeSpan life) =>
        SasToken.Create(_connection.HostName, _connection.SharedAccessKey!, TimeProvider.System.GetUtcNow() + life, _connection.SharedAccessKeyName);

    /// <summary>Waits until the device is connected in this run and has reported its plugins.</summary>
    public async Task<JsonNode> WaitForHostAsync(string deviceId, Task hostEnded, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        long began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) < limit)
        {
            if (hostEnded.IsFaulted)
            {
                await hostEnded;
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, $"/twins/{deviceId}?api-version=2021-04-12");
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(MakeToken(TimeSpan.FromMinutes(5)));
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            JsonNode twin = JsonNode.Parse(await response.Content.ReadAsStreamAsync(cancellationToken))!;
            if ((string?)twin["connectionState"] == "Connected" && twin["properties"]!["reported"] is { } reported && reported["modularDM"]?["plugins"] is not null)
            {
                return reported;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }

        throw new TimeoutException($"The host did not report to the hub within {limit.TotalSeconds} s; see its log.");
    }

    public void Dispose() => _http.Dispose();
}
