using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ModularDM.Hub.Protocol;
using ModularDM.Linux.Tests.Containers;

namespace ModularDM.Linux.Tests.Package;

/// <summary>A local hub in the network of a container and otherwise outside of it, and its service side.</summary>
internal sealed class NeighbourHub : IAsyncDisposable
{
    public const string DeviceId = "contoso-device";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private readonly Process _process;
    private readonly HubConnectionString _service;
    private readonly HttpClient _http;

    private NeighbourHub(Process process, JsonNode ready, int leader)
    {
        _process = process;
        CaFile = (string)ready["caFile"]!;
        DeviceConnectionString = (string)ready["devices"]![0]!["connectionString"]!;
        _service = HubConnectionString.Parse((string)ready["serviceConnectionString"]!);
        int port = (int)ready["httpsPort"]!;
        var handler = new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => await NetworkNamespace.ConnectAsync(leader, port, cancellation) };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(CaFile) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{port}"), Timeout = TimeSpan.FromSeconds(10) };
    }

    public string CaFile { get; }

    public string DeviceConnectionString { get; }

    public static async Task<NeighbourHub> StartAsync(SystemdContainer container, string data)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("nsenter")
            {
                ArgumentList =
                {
                    "--target", container.Leader.ToString(CultureInfo.InvariantCulture), "--net", Environment.ProcessPath is { } self && Path.GetFileName(self) == "dotnet" ? self : "dotnet",
                    Path.Combine(AppContext.BaseDirectory, "mdm-hub.dll"), "--mqtt-port", "0", "--https-port", "0", "--data", data, "--device", DeviceId,
                },
                RedirectStandardOutput = true,
                UseShellExecute = false,
            },
        };
        process.Start();
        using var limit = new CancellationTokenSource(s_startLimit, TimeProvider.System);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("READY ", StringComparison.Ordinal))
            {
                return new NeighbourHub(process, JsonNode.Parse(line[6..])!, container.Leader);
            }
        }

        throw new InvalidOperationException("The hub ended before it was ready.");
    }

    /// <summary>Says what the device should be.</summary>
    public async Task DesireAsync(string properties) =>
        (await SendAsync(HttpMethod.Patch, "{\"properties\":{\"desired\":" + properties + "}}")).Dispose();

    /// <summary>Waits until what the device reports is so.</summary>
    public async Task<JsonNode> ReportedAsync(Func<JsonNode, bool> isSo)
    {
        long began = TimeProvider.System.GetTimestamp();
        JsonNode? twin = null;
        while (TimeProvider.System.GetElapsedTime(began) < s_limit)
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Get, null);
            twin = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            if (isSo(twin["properties"]!["reported"]!))
            {
                return twin["properties"]!["reported"]!;
            }

            await Task.Delay(s_poll, TimeProvider.System);
        }

        throw new TimeoutException($"The device did not report what was waited for. Its twin: {twin}");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string? body)
    {
        using var request = new HttpRequestMessage(method, $"/twins/{DeviceId}?api-version=2021-04-12");
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(
            SasToken.Create(_service.HostName, _service.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddMinutes(5), _service.SharedAccessKeyName));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        HttpResponseMessage response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return response;
    }
}
