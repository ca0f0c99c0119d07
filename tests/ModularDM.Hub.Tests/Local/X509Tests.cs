using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;
using MQTTnet;

namespace ModularDM.Hub.Tests.Local;

public sealed class X509Tests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly DateTimeOffset Before = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Yesterday = new(2026, 5, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Tomorrow = new(2026, 5, 7, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task SelfSigned_EitherThumbprintOfEitherHash_Connects()
    {
        using X509Certificate2 first = TestAuthority.SelfSigned("first");
        using X509Certificate2 second = TestAuthority.SelfSigned("second");
        string colons = string.Join(':', first.GetCertHash(HashAlgorithmName.SHA256).Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
        string id = await fixture.NewDeviceAsync();
        ServiceAnswer put = await fixture.Service.SendAsync(
            "PUT",
            "/devices/" + id,
            $$$$"""{"authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"{{{{colons}}}}","secondaryThumbprint":"{{{{second.GetCertHashString()}}}}"}}}""",
            "*");
        Assert.Equal(200, put.Status);
        Assert.Equal($"HostName=localhost;DeviceId={id};GatewayHostName=127.0.0.1:{fixture.Hub.MqttPort};x509=true", fixture.Hub.GetDeviceConnectionString(id));
        Assert.Equal(MqttClientConnectResultCode.Success, await ConnectAsync(id, first));
        Assert.Equal(MqttClientConnectResultCode.Success, await ConnectAsync(id, second));

        using X509Certificate2 other = TestAuthority.SelfSigned("first");
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, other));
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, first, password: "x"));
    }

    [Fact]
    public async Task SelfSigned_Documents_SayWhatHolds()
    {
        using X509Certificate2 certificate = TestAuthority.SelfSigned("any");
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateX509DeviceAsync(id, certificate.GetCertHashString().ToLowerInvariant());
        JsonElement identity = (await fixture.Service.SendAsync("GET", "/devices/" + id)).Json.GetProperty("authentication");
        Assert.Equal("selfSigned", identity.GetProperty("type").GetString());
        Assert.Equal(certificate.GetCertHashString(), identity.GetProperty("x509Thumbprint").GetProperty("primaryThumbprint").GetString());
        Assert.Equal(JsonValueKind.Null, identity.GetProperty("symmetricKey").GetProperty("primaryKey").ValueKind);
        JsonElement twin = (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json;
        Assert.Equal("selfSigned", twin.GetProperty("authenticationType").GetString());
        Assert.Equal(certificate.GetCertHashString(), twin.GetProperty("x509Thumbprint").GetProperty("primaryThumbprint").GetString());

        // Back to keys: new ones, and the certificate opens nothing any more.
        ServiceAnswer back = await fixture.Service.SendAsync("PUT", "/devices/" + id, """{"authentication":{"type":"sas"}}""", "*");
        Assert.Equal(32, back.Json.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("secondaryKey").GetBytesFromBase64().Length);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, certificate));
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SelfSigned_NotNow_IsNotAuthorized(bool expired)
    {
        using X509Certificate2 certificate = expired ? TestAuthority.SelfSigned("any", Before, Yesterday) : TestAuthority.SelfSigned("any", Tomorrow);
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateX509DeviceAsync(id, certificate.GetCertHashString());
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, certificate));
    }

    [Fact]
    public async Task X509Device_TokenOfAPolicy_IsNotAuthorized()
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateX509DeviceAsync(id);
        string key = HubConnectionString.Parse(fixture.Hub.GetServiceConnectionString("device")).SharedAccessKey!;
        string token = SasToken.Create("localhost/devices/" + id, key, fixture.Clock.GetUtcNow().AddHours(1), "device");
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, null, token));
    }

    [Fact]
    public async Task NoneDevice_TokenOfAPolicyAlone_Connects()
    {
        string id = await fixture.NewDeviceAsync();
        string ownKey = HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(id)).SharedAccessKey!;
        string connection = fixture.Hub.GetDeviceConnectionString(id);
        ServiceAnswer put = await fixture.Service.SendAsync("PUT", "/devices/" + id, """{"authentication":{"type":"none"}}""", "*");
        Assert.Equal("none", put.Json.GetProperty("authentication").GetProperty("type").GetString());
        string key = HubConnectionString.Parse(fixture.Hub.GetServiceConnectionString("device")).SharedAccessKey!;
        string ownToken = SasToken.Create("localhost/devices/" + id, ownKey, fixture.Clock.GetUtcNow().AddHours(1));
        string policyToken = SasToken.Create("localhost/devices/" + id, key, fixture.Clock.GetUtcNow().AddHours(1), "device");
        await using var device = new RawDevice(connection, fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync(ownToken));
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(policyToken));
    }

    [Fact]
    public async Task CertificateAuthority_ChainAndCommonName_Decide()
    {
        using var authority = new TestAuthority("Contoso Devices");
        using var impostor = new TestAuthority("Contoso Devices");
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateX509DeviceAsync(id);
        using X509Certificate2 right = authority.Issue(id);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, right)); // Not registered yet.

        ServiceAnswer put = await fixture.Service.SendAsync("PUT", "/modulardm/certificates/contoso", authority.Pem, version: false);
        Assert.Equal((200, "CN=Contoso Devices"), (put.Status, put.Json.GetProperty("subject").GetString()));
        Assert.Equal(MqttClientConnectResultCode.Success, await ConnectAsync(id, right));
        Assert.Equal("certificateAuthority", (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("authenticationType").GetString());

        using X509Certificate2 otherName = authority.Issue(id + "x");
        using X509Certificate2 otherCase = authority.Issue(id.ToUpperInvariant());
        using X509Certificate2 forged = impostor.Issue(id);
        using X509Certificate2 own = TestAuthority.SelfSigned(id);
        using X509Certificate2 expired = authority.Issue(id, Yesterday.AddDays(-10), Yesterday);
        using X509Certificate2 early = authority.Issue(id, Tomorrow);
        foreach (X509Certificate2? wrong in (X509Certificate2?[])[otherName, otherCase, forged, own, expired, early, null])
        {
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, wrong, wrong is null ? "" : null));
        }

        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/modulardm/certificates/contoso", version: false)).Status);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await ConnectAsync(id, right));
        Assert.Equal(404, (await fixture.Service.SendAsync("DELETE", "/modulardm/certificates/contoso", version: false)).Status);
    }

    [Fact]
    public async Task CertificateAuthority_IntermediateInTheHandshake_LeadsToTheRoot()
    {
        using var root = new TestAuthority("Contoso Root");
        using var factory = new TestAuthority("Contoso Factory", root);
        string id = await fixture.NewDeviceAsync();
        await fixture.Hub.CreateX509DeviceAsync(id);
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/modulardm/certificates/root", root.Pem, version: false)).Status);
        using X509Certificate2 leaf = factory.Issue(id);
        string user = $"localhost/{id}/?api-version=2021-04-12";

        await using (var alone = new WireDevice())
        {
            await alone.OpenAsync("127.0.0.1", fixture.Hub.MqttPort, fixture.Hub.CaFile, leaf);
            Assert.Equal([0x20, 2, 0, 5], await alone.ConnectAsync(id, user, null));
        }

        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", fixture.Hub.MqttPort, fixture.Hub.CaFile, leaf, [factory.Certificate]);
        Assert.Equal([0x20, 2, 0, 0], await link.ConnectAsync(id, user, null));
        await fixture.Service.SendAsync("DELETE", "/modulardm/certificates/root", version: false);

        // What is registered may be the intermediate alone.
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/modulardm/certificates/factory", factory.Pem, version: false)).Status);
        Assert.Equal(MqttClientConnectResultCode.Success, await ConnectAsync(id, leaf));
        await fixture.Service.SendAsync("DELETE", "/modulardm/certificates/factory", version: false);
    }

    [Fact]
    public async Task Certificates_BadText_IsRefused()
    {
        using var authority = new TestAuthority("Contoso Devices");
        using X509Certificate2 leaf = authority.Issue("leaf");
        string withKey = authority.Pem + authority.Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        foreach (string bad in (string[])["nonsense", leaf.ExportCertificatePem(), withKey])
        {
            ServiceAnswer answer = await fixture.Service.SendAsync("PUT", "/modulardm/certificates/bad", bad, version: false);
            Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
        }

        Assert.Equal(400, (await fixture.Service.SendAsync("PUT", "/modulardm/certificates/a%20b", authority.Pem, version: false)).Status);
        Assert.DoesNotContain("bad", (await fixture.Service.SendAsync("GET", "/modulardm/certificates", version: false)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_KeepsThumbprintsAndAuthorities_AndTheFileRegistersOne()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        using var authority = new TestAuthority("Contoso Devices");
        using X509Certificate2 device = authority.Issue("d");
        string file = Path.Combine(folder, "contoso-ca.pem");
        await File.WriteAllTextAsync(file, authority.Pem);
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder, "hub"), TimeProvider = fixture.Clock };
        await using (LocalHub hub = await LocalHub.StartAsync(options with { CaCertificates = [file] }))
        {
            await hub.CreateX509DeviceAsync("d");
            await hub.CreateX509DeviceAsync("e", device.GetCertHashString());
        }

        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            foreach (string id in (string[])["d", "e"])
            {
                await using var link = new RawDevice(hub.GetDeviceConnectionString(id), hub.CaFile, fixture.Clock);
                Assert.Equal(MqttClientConnectResultCode.Success, await link.TryConnectAsync(certificate: device));
            }
        }

        await File.WriteAllTextAsync(file, "nonsense");
        LocalHubStartException refused = await Assert.ThrowsAsync<LocalHubStartException>(() => LocalHub.StartAsync(options with { CaCertificates = [file] }));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Refusal_Reason_IsInTheLogAlone()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var log = new LineLog();
        using X509Certificate2 registered = TestAuthority.SelfSigned("d");
        using X509Certificate2 shown = TestAuthority.SelfSigned("d");
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, TimeProvider = fixture.Clock, Logging = logging => logging.AddProvider(log) };
        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            await hub.CreateX509DeviceAsync("d", registered.GetCertHashString());
            await using var device = new RawDevice(hub.GetDeviceConnectionString("d"), hub.CaFile, fixture.Clock);
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync(certificate: shown));
        }

        Assert.Contains(log.Lines, line => line.Contains("Thumbprint does not match configuration", StringComparison.Ordinal) && line.Contains(shown.GetCertHashString(), StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    private sealed class LineLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }

    private async Task<MqttClientConnectResultCode> ConnectAsync(string id, X509Certificate2? certificate, string? password = null)
    {
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        return await device.TryConnectAsync(password, certificate: certificate);
    }
}
