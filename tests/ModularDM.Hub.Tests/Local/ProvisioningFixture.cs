using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A hub with a provisioning service, and a second hub that is linked to it.</summary>
public sealed class ProvisioningFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
    private int ids;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));

    public LocalHub Hub { get; private set; } = null!;

    public LocalHub Other { get; private set; } = null!;

    public ServiceClient Enrollments { get; private set; } = null!;

    public ServiceClient Service { get; private set; } = null!;

    public ServiceClient OtherService { get; private set; } = null!;

    public string OwnAddress => $"localhost:{Hub.MqttPort}";

    public string OtherAddress => $"other.example.com:{Other.MqttPort}";

    public static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();

    public string NewId() => "reg-" + Interlocked.Increment(ref ids).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        Other = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder, "other"), TimeProvider = Clock, HubName = "other.example.com" });
        Hub = await StartAsync();
        Enrollments = new ServiceClient(Hub.ProvisioningConnectionString, Hub.CaFile, Clock);
        Service = new ServiceClient(Hub.ServiceConnectionString, Hub.CaFile, Clock);
        OtherService = new ServiceClient(Other.ServiceConnectionString, Other.CaFile, Clock);
    }

    public async Task RestartAsync()
    {
        await Hub.DisposeAsync();
        Hub = await StartAsync();
        Enrollments.Dispose();
        Service.Dispose();
        Enrollments = new ServiceClient(Hub.ProvisioningConnectionString, Hub.CaFile, Clock);
        Service = new ServiceClient(Hub.ServiceConnectionString, Hub.CaFile, Clock);
    }

    public async ValueTask DisposeAsync()
    {
        Enrollments?.Dispose();
        Service?.Dispose();
        OtherService?.Dispose();
        await Hub.DisposeAsync();
        await Other.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Makes an enrolment with two keys, and gives the first.</summary>
    public async Task<string> EnrollAsync(string id, string members = "", bool isGroup = false)
    {
        ServiceAnswer answer = await Enrollments.SendAsync("PUT", (isGroup ? "/enrollmentGroups/" : "/enrollments/") + id, Body(members), "*");
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("attestation").GetProperty("symmetricKey").GetProperty("primaryKey").GetString()!;
    }

    public static string Body(string members = "") => $$$"""{"attestation":{"type":"symmetricKey"}{{{members}}}}""";

    public static string Derive(string groupKey, string id) => Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(groupKey), Encoding.UTF8.GetBytes(id)));

    public string Password(string id, string key, string scope = "0ne00000000", string? policy = "registration") =>
        SasToken.Create($"{scope}/registrations/{id}", key, Clock.GetUtcNow().AddHours(1), policy);

    public Task<JsonElement> RegisterWithKeyAsync(string id, string key, string body = "{}") => RegisterAsync(id, Password(id, key), body);

    /// <summary>Registers and asks until it is decided.</summary>
    public async Task<JsonElement> RegisterAsync(string id, string? password, string body = "{}", X509Certificate2? certificate = null, X509Certificate2Collection? intermediates = null)
    {
        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", Hub.DpsPort!.Value, Hub.CaFile, certificate, intermediates);
        Assert.Equal([0x20, 2, 0, 0], await link.ConnectAsync(id, $"0ne00000000/registrations/{id}/api-version=2019-03-31", password, clean: true));
        await link.SubscribeAsync(1, "$dps/registrations/res/#", 1);
        Assert.Equal(0x90, (await link.NextAsync()).Header);
        await link.PublishAsync("$dps/registrations/PUT/iotdps-register/?$rid=1", body);
        return await UntilDecidedAsync(link, await link.ReadPublishAsync());
    }

    internal static async Task<JsonElement> UntilDecidedAsync(WireDevice link, (string Topic, string Body) answer)
    {
        for (int i = 2; answer.Topic.StartsWith("$dps/registrations/res/202/", StringComparison.Ordinal); i++)
        {
            Assert.EndsWith("&retry-after=2", answer.Topic, StringComparison.Ordinal);
            string operation = Json(answer.Body).GetProperty("operationId").GetString()!;
            await link.PublishAsync($"$dps/registrations/GET/iotdps-get-operationstatus/?$rid={i}&operationId={operation}", " ");
            answer = await link.ReadPublishAsync();
        }

        Assert.StartsWith("$dps/registrations/res/200/?$rid=", answer.Topic, StringComparison.Ordinal);
        return Json(answer.Body);
    }

    public static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private Task<LocalHub> StartAsync() => LocalHub.StartAsync(
        new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DpsPort = 0, DataFolder = Path.Combine(folder, "hub"), TimeProvider = Clock, LinkedHubs = [Other] });
}
