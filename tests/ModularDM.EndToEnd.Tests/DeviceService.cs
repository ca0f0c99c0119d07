using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ModularDM.Hub.Protocol;

namespace ModularDM.EndToEnd.Tests;

/// <summary>An operator: the hub's service side over HTTPS, trusting the hub's authority alone.</summary>
internal sealed class DeviceService : IDisposable
{
    private const string Version = "api-version=2021-04-12";
    private readonly HubConnectionString _connection;
    private readonly X509Certificate2 _authority;
    private readonly HttpClient _http;
    private readonly string _deviceId;

    public DeviceService(JsonNode ready)
    {
        _connection = HubConnectionString.Parse((string)ready["serviceConnectionString"]!);
        _deviceId = (string)ready["deviceId"]!;
        _authority = X509CertificateLoader.LoadCertificateFromFile(ready.TextAt("hub.caFile")!);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri($"https://{ready.TextAt("hub.host")}:{ready.TextAt("hub.httpsPort")}"), Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Merges into desired; the answer is its new version.</summary>
    public async Task<long> PatchDesiredAsync(string json)
    {
        JsonNode twin = await SendAsync(HttpMethod.Patch, $"/twins/{_deviceId}?{Version}", "{\"properties\":{\"desired\":" + json + "}}");
        return (long)twin.At("properties.desired.$version")!;
    }

    public Task<JsonNode> GetTwinAsync() => SendAsync(HttpMethod.Get, $"/twins/{_deviceId}?{Version}");

    public async Task<JsonNode> GetReportedAsync() => (await GetTwinAsync()).At("properties.reported")!;

    /// <summary>Waits until the reported properties are as wanted.</summary>
    public async Task<JsonNode> WaitReportedAsync(Func<JsonNode, bool> isWanted, string what, TimeSpan? limit = null)
    {
        JsonNode? last = null;
        return await TestTimeouts.WaitForAsync(
            async () =>
            {
                last = await GetReportedAsync();
                return isWanted(last) ? last : null;
            },
            () =>
            {
                (last as JsonObject)?.Remove("$metadata");
                return Task.FromResult($"Not reported: {what}. Reported is {last?.ToJsonString()}");
            },
            limit);
    }

    /// <summary>Waits until a section has come to an end with a desired version, well or not; the answer is the section.</summary>
    public async Task<JsonNode> WaitSectionAsync(string section, long version)
    {
        JsonNode reported = await WaitReportedAsync(
            all => all.At(section + ".lastChange") is { } status && status.TextAt("state") != "pending" && status["version"] is { } at && (long)at >= version,
            $"an end of {section} for desired version {version}");
        return reported.At(section)!;
    }

    /// <summary>Sends a patch of one section and waits for its end.</summary>
    public async Task<JsonNode> ManageAsync(string vendor, string section, string json) =>
        await WaitSectionAsync($"{vendor}.{section}", await PatchDesiredAsync($$"""{"{{vendor}}":{"{{section}}":{{json}} } }"""));

    public Task<JsonNode> InvokeAsync(string method, string? payload = null) => SendAsync(
        HttpMethod.Post,
        $"/twins/{_deviceId}/methods?{Version}",
        $$"""{"methodName":"{{method}}","responseTimeoutInSeconds":30,"payload":{{payload ?? "null"}} }""");

    /// <summary>Merges into desired, unless the hub refuses; the answer is the status.</summary>
    public async Task<int> TryPatchDesiredAsync(string json) =>
        (await TrySendAsync(HttpMethod.Patch, $"/twins/{_deviceId}?{Version}", "{\"properties\":{\"desired\":" + json + "}}")).Status;

    /// <summary>Calls a method with five seconds of patience; the answer is the hub's status, or the device's if it answered.</summary>
    public async Task<int> TryInvokeAsync(string method, string payload)
    {
        (int status, string text) = await TrySendAsync(
            HttpMethod.Post, $"/twins/{_deviceId}/methods?{Version}", $$"""{"methodName":"{{method}}","responseTimeoutInSeconds":5,"payload":{{payload}} }""");
        return status == 200 ? (int)JsonNode.Parse(text)!["status"]! : status;
    }

    /// <summary>Device-to-cloud messages after a sequence number.</summary>
    public async Task<JsonArray> GetMessagesAsync(long after) =>
        (JsonArray)await SendAsync(HttpMethod.Get, $"/modulardm/devices/{_deviceId}/messages?after={after}&top=100");

    public void Dispose()
    {
        _http.Dispose();
        _authority.Dispose();
    }

    private async Task<JsonNode> SendAsync(HttpMethod verb, string path, string? body = null)
    {
        (int status, string text) = await TrySendAsync(verb, path, body);
        Assert.True(status is >= 200 and < 300, $"{verb} {path}: {status} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task<(int Status, string Text)> TrySendAsync(HttpMethod verb, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(verb, path);
        string token = SasToken.Create(_connection.HostName, _connection.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(4), _connection.SharedAccessKeyName);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(token);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
