using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A hub of its own on free ports, and a service client that trusts it. Tests share it and each take a device of their own.</summary>
public class HubFixture : IAsyncLifetime
{
    private static int devices;

    public string Folder { get; } = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));

    public LocalHub Hub { get; private set; } = null!;

    public ServiceClient Service { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Hub = await LocalHub.StartAsync(Configure(new LocalHubOptions
        {
            MqttPort = 0,
            HttpsPort = 0,
            AmqpPort = 0,
            DataFolder = Folder,
            TimeProvider = Clock,
            MessagesPerDevice = 5,
            ConfigurationInterval = TimeSpan.FromSeconds(10),
        }));
        Service = new ServiceClient(Hub.ServiceConnectionString, Hub.CaFile, Clock);
    }

    public async ValueTask DisposeAsync()
    {
        Service?.Dispose();
        await Hub.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Turns the clock until the task has ended; the hub may begin to wait a moment after what the test has seen.</summary>
    public async Task<T> AdvanceUntilAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        return await task;
    }

    /// <summary>What a fixture of another kind changes.</summary>
    protected virtual LocalHubOptions Configure(LocalHubOptions options) => options;

    /// <summary>A new device.</summary>
    public async Task<string> NewDeviceAsync()
    {
        string id = "device-" + Interlocked.Increment(ref devices).ToString(System.Globalization.CultureInfo.InvariantCulture);
        await Hub.CreateDeviceAsync(id);
        return id;
    }

    /// <summary>A new device, connected and subscribed to all that is its own.</summary>
    public async Task<RawDevice> ConnectNewAsync()
    {
        var device = new RawDevice(Hub.GetDeviceConnectionString(await NewDeviceAsync()), Hub.CaFile, Clock);
        await device.ConnectAsync();
        await device.SubscribeAllAsync();
        return device;
    }
}

/// <summary>What a service sees of an answer.</summary>
public sealed record ServiceAnswer(int Status, string? ErrorName, string? ETag, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
    }
}

/// <summary>The hub's REST API, spoken plainly.</summary>
public sealed class ServiceClient : IDisposable
{
    private readonly HttpClient http;
    private readonly HubConnectionString connection;
    private readonly TimeProvider time;

    public ServiceClient(string connectionString, string caFile, TimeProvider time)
    {
        connection = HubConnectionString.Parse(connectionString);
        this.time = time;
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = Trust.Only(caFile) } };
        HubEndpoint endpoint = connection.GetHttpsEndpoint();
        http = new HttpClient(handler) { BaseAddress = new Uri($"https://{endpoint}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public string NewToken(TimeSpan? life = null, string? resource = null, string? policy = null) => SasToken.Create(
        resource ?? connection.HostName,
        connection.SharedAccessKey!,
        time.GetUtcNow() + (life ?? TimeSpan.FromHours(1)),
        policy ?? connection.SharedAccessKeyName);

    public async Task<ServiceAnswer> SendAsync(
        string verb,
        string path,
        string? body = null,
        string? ifMatch = null,
        string? token = null,
        bool version = true,
        params (string Name, string Value)[] headers)
    {
        string query = version ? (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "api-version=2021-04-12" : "";
        using var request = new HttpRequestMessage(new HttpMethod(verb), path + query);
        token ??= NewToken();
        if (token.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using HttpResponseMessage response = await http.SendAsync(request);
        string? name2 = response.Headers.TryGetValues("iothub-errorcode", out IEnumerable<string>? names) ? names.Single() : null;
        return new ServiceAnswer((int)response.StatusCode, name2, response.Headers.ETag?.Tag, await response.Content.ReadAsStringAsync(), response.Headers);
    }

    /// <summary>Opens the stream of events.</summary>
    public async Task<EventReader> OpenEventsAsync(string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/modulardm/events" + query);
        request.Headers.TryAddWithoutValidation("Authorization", NewToken());
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var reader = new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        await reader.OpenedAsync();
        return reader;
    }

    public void Dispose() => http.Dispose();
}

/// <summary>Reads a stream of events as it comes.</summary>
public sealed class EventReader(HttpResponseMessage response, StreamReader lines) : IDisposable
{
    private readonly CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));

    /// <summary>The line that every stream begins with.</summary>
    public async Task OpenedAsync()
    {
        Assert.Equal("retry: 2000", await lines.ReadLineAsync(limit.Token));
        Assert.Equal("", await lines.ReadLineAsync(limit.Token));
    }

    /// <summary>The next line that is a comment.</summary>
    public async Task<string?> NextLineAsync() => await lines.ReadLineAsync(limit.Token);

    /// <summary>The next event.</summary>
    public async Task<(string Id, string Type, JsonElement Data)> NextAsync()
    {
        string? line;
        do
        {
            line = await lines.ReadLineAsync(limit.Token);
        }
        while (line is not null && (line.Length == 0 || line[0] == ':'));

        string id = After("id: ", line);
        string type = After("event: ", await lines.ReadLineAsync(limit.Token));
        using JsonDocument data = JsonDocument.Parse(After("data: ", await lines.ReadLineAsync(limit.Token)));
        return (id, type, data.RootElement.Clone());
    }

    /// <summary>Whether the stream has ended.</summary>
    public async Task<bool> EndsAsync() => await lines.ReadLineAsync(limit.Token) is "" or null && await lines.ReadLineAsync(limit.Token) is null;

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
        limit.Dispose();
    }

    private static string After(string prefix, string? line)
    {
        Assert.StartsWith(prefix, line, StringComparison.Ordinal);
        return line![prefix.Length..];
    }
}

/// <summary>Trusts one authority and nothing else, host names included.</summary>
internal static class Trust
{
    public static System.Net.Security.RemoteCertificateValidationCallback Only(string caFile) => (_, certificate, _, errors) =>
        (errors & System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch) == 0 && certificate is X509Certificate2 server && IsIssuedBy(server, caFile);

    public static bool IsIssuedBy(X509Certificate2 server, string caFile)
    {
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(caFile);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(server);
    }
}
