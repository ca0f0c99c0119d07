using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Hub.Provisioning;
using ModularDM.Hosting.Runtime;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>The device and the real local provisioning service, which were written apart from each other.</summary>
public sealed class LocalProvisioningTests : IAsyncLifetime
{
    private const string Id = "thermostat-9";
    private readonly TestDevice _device = new();
    private LocalHub _hub = null!;
    private HttpClient _service = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await LocalHub.StartAsync(new LocalHubOptions
        {
            MqttPort = 0, HttpsPort = 0, DpsPort = 0, DataFolder = Path.Combine(_device.Folder.FullName, "hub"),
        });
        _device.Options.CaFile = _hub.CaFile;
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(_hub.CaFile) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _service = new HttpClient(handler) { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://localhost:{_hub.HttpsPort}")) };
    }

    public async ValueTask DisposeAsync()
    {
        await _device.DisposeAsync();
        _service.Dispose();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Device_OfAGroup_IsProvisionedAndConnectsAndIsProvisionedAnewWhenItsHubForgotIt()
    {
        await SendAsync(
            HttpMethod.Put,
            "/enrollmentGroups/line-a",
            _hub.ProvisioningConnectionString,
            $$"""{"enrollmentGroupId":"line-a","provisioningStatus":"enabled","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"{{TestDevice.Key}}","secondaryKey":"{{TestDevice.Key}}"} } }""");
        var options = new ProvisioningOptions
        {
            IdScope = _hub.IdScope, RegistrationId = Id, Endpoint = string.Create(CultureInfo.InvariantCulture, $"localhost:{_hub.DpsPort}"), GroupKey = TestDevice.Key,
        };
        var runtime = new RuntimeOptions { DataFolder = Path.Combine(_device.Folder.FullName, "data") };
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        MqttHubConnection connection = _device.Run(clock, new ProvisionedIdentity(options, _device.Options, runtime, clock, _device.Log));
        await PassTimeUntilAsync(clock, _device.ConnectedAsync());
        Assert.Equal(Id, connection.DeviceId);
        Assert.Equal(2, await connection.ReportAsync("""{"contoso":{"line":"a"}}"""u8.ToArray(), _device.Limit));

        await SendAsync(HttpMethod.Delete, $"/devices/{Id}", _hub.ServiceConnectionString, null);

        await PassTimeUntilAsync(clock, ConnectedAgainAsync());
        Assert.Equal(2, await connection.ReportAsync("""{"contoso":{"line":"a"}}"""u8.ToArray(), _device.Limit));
        Assert.Contains(Id, _hub.DeviceIds);
    }

    private async Task ConnectedAgainAsync()
    {
        while (await _device.Listener.Events.ReadAsync(_device.Limit) != "connected")
        {
            // What is told of the link that ended.
        }
    }

    // The service asks for patience, and a device that was refused has some of its own.
    private static async Task PassTimeUntilAsync(FakeTimeProvider clock, Task done)
    {
        while (await Task.WhenAny(done, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System)) != done)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        await done;
    }

    private async Task SendAsync(HttpMethod verb, string path, string connectionString, string? body)
    {
        var connection = HubConnectionString.Parse(connectionString);
        using var request = new HttpRequestMessage(verb, path + "?api-version=2021-04-12");
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(
            SasToken.Create(connection.HostName, connection.SharedAccessKey!, TimeProvider.System.GetUtcNow().AddHours(1), connection.SharedAccessKeyName));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        else
        {
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        }

        using HttpResponseMessage response = await _service.SendAsync(request, _device.Limit);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(_device.Limit));
    }
}
