using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Hub.Provisioning;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class HubOptionsTests : IDisposable
{
    private const string Valid = "HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey=a2V5";
    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("mdm-options-");

    public void Dispose() => _temp.Delete(recursive: true);

    [Fact]
    public void Defaults_AreTheDocumentedOnes()
    {
        var options = new HubOptions();

        Assert.Equal((60, 60, 60, 100, 32), (
            options.KeepAliveSeconds, options.RequestTimeoutSeconds, options.TokenLifetimeMinutes, options.MaxQueuedMessages, options.MaxMethodsInFlight));
        Assert.Null(options.ConnectionString);
        Assert.Null(options.ConnectionStringFile);
        Assert.Null(options.CaFile);
    }

    [Fact]
    public void Validate_NoConnectionString_NamesTheKeys() =>
        Assert.Equal("Hub:ConnectionString or Hub:ConnectionStringFile is required, or Hub:Provisioning:IdScope.", Failures(new HubOptions()));

    [Theory]
    [InlineData("HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey=secret!", "Hub:ConnectionString: The connection string's 'SharedAccessKey' is not base64.")]
    [InlineData("HostName=contoso.example.com;SharedAccessKeyName=service;SharedAccessKey=a2V5", "Hub:ConnectionString: it belongs to a service")]
    [InlineData("HostName=contoso.example.com;DeviceId=a;x509=true", "Hub:ConnectionString: it says x509=true, so Hub:CertificateFile is required")]
    public void Validate_WrongConnectionString_SaysWhyWithoutShowingIt(string text, string message)
    {
        string failures = Failures(new HubOptions { ConnectionString = text });

        Assert.StartsWith(message, failures, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failures, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralWrong_NamesAllOfThem()
    {
        string missing = Path.Combine(_temp.FullName, "missing");

        string failures = Failures(new HubOptions
        {
            ConnectionStringFile = missing, CaFile = missing, KeepAliveSeconds = 3, RequestTimeoutSeconds = 0, TokenLifetimeMinutes = 0, MaxQueuedMessages = 0, MaxMethodsInFlight = 0,
        });

        Assert.All(
            (string[])["ConnectionStringFile", "CaFile", "KeepAliveSeconds", "RequestTimeoutSeconds", "TokenLifetimeMinutes", "MaxQueuedMessages", "MaxMethodsInFlight"],
            key => Assert.Contains($"Hub:{key} ", failures, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_CaFileWithoutCertificate_SaysSo()
    {
        string empty = Path.Combine(_temp.FullName, "empty.pem");
        File.WriteAllText(empty, "nothing");

        Assert.Equal($"Hub:CaFile '{empty}' holds no certificate.", Failures(new HubOptions { ConnectionString = Valid, CaFile = empty }));
    }

    [Fact]
    public void Validate_CertificateThatCannotServe_SaysWhyForEachWay()
    {
        string missing = Path.Combine(_temp.FullName, "missing.pem");
        string noKey = Write("nokey.pem", TestAuthority.CaPem);
        string ended = Write("ended.pem", TestDevice.Certificate("thermostat", new DateTimeOffset(2020, 5, 6, 7, 8, 9, TimeSpan.Zero)).Pem);
        string broken = Write("broken.pfx", "no certificate at all");
        string otherKey = Write("other.pem", TestDevice.Certificate("fan").Pem);
        string good = Write("good.pem", TestDevice.Certificate("thermostat").Pem);

        Assert.StartsWith($"Hub:CertificateFile '{missing}' cannot be read: ", X509Failures(missing), StringComparison.Ordinal);
        Assert.StartsWith("Hub:CertificateFile and Hub:CertificateKeyFile hold no private key", X509Failures(noKey), StringComparison.Ordinal);
        Assert.Equal("Hub:CertificateFile holds a certificate that ended on 2020-05-06; a new one is needed.", X509Failures(ended));
        Assert.StartsWith($"Hub:CertificateFile '{broken}' is not a certificate with a key that fits it, or its password is wrong: ", X509Failures(broken), StringComparison.Ordinal);
        Assert.StartsWith($"Hub:CertificateFile '{good}' is not a certificate with a key that fits it", X509Failures(good, otherKey), StringComparison.Ordinal);
        Assert.StartsWith($"Hub:CertificateKeyFile '{missing}' cannot be read: ", X509Failures(good, missing), StringComparison.Ordinal);
        Assert.Equal("", X509Failures(good));
        Assert.Equal("", X509Failures(good, good));
    }

    [Fact]
    public void Validate_EncryptedKey_NeedsItsPassword()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=thermostat", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(9));
        var encryption = new PbeParameters(
            PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        string pem = Write("device.pem", certificate.ExportCertificatePem() + "\n" + key.ExportEncryptedPkcs8PrivateKeyPem("sesame", encryption));
        string pfx = Path.Combine(_temp.FullName, "device.pfx");
        File.WriteAllBytes(pfx, certificate.Export(X509ContentType.Pkcs12, "sesame"));
        string right = Write("right", "sesame\n");
        string wrong = Write("wrong", "open");

        foreach (string file in (string[])[pem, pfx])
        {
            Assert.Equal("", X509Failures(file, password: right));
            string failure = X509Failures(file, password: wrong);
            Assert.Contains("its password is wrong", failure, StringComparison.Ordinal);
            Assert.DoesNotContain("open", failure, StringComparison.Ordinal);
            Assert.Contains("Hub:CertificateFile", X509Failures(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Validate_KeyAndCertificate_AsksForOneOfThem() => Assert.StartsWith(
        "Hub:ConnectionString: it holds a key, and Hub:CertificateFile is set too",
        Failures(new HubOptions { ConnectionString = Valid, CertificateFile = Write("good.pem", TestDevice.Certificate("thermostat").Pem) }),
        StringComparison.Ordinal);

    [Fact]
    public void Validate_Proxy_MustBeAnAddressThatTheTransportCanUse()
    {
        Assert.Equal("", Failures(new HubOptions { ConnectionString = Valid, Proxy = "http://proxy.example.com:3128" }));
        Assert.Contains("Hub:Proxy must be an address", Failures(new HubOptions { ConnectionString = Valid, Proxy = "proxy:3128" }), StringComparison.Ordinal);
        Assert.Contains("Hub:Proxy needs Hub:Transport", Failures(new HubOptions { ConnectionString = Valid, Proxy = "http://proxy.example.com", Transport = HubTransport.Mqtt }), StringComparison.Ordinal);
        string withPassword = Failures(new HubOptions { ConnectionString = Valid, Proxy = "http://contoso:sesame@proxy.example.com" });
        Assert.Contains("Hub:ProxyCredentialsFile", withPassword, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", withPassword, StringComparison.Ordinal);
        Assert.Contains(
            "must hold user:password",
            Failures(new HubOptions { ConnectionString = Valid, Proxy = "http://proxy.example.com", ProxyCredentialsFile = Write("proxy", "sesame") }),
            StringComparison.Ordinal);
        Assert.Contains("Hub:Proxy is not", Failures(new HubOptions { ConnectionString = Valid, ProxyCredentialsFile = "x" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_Provisioning_NamesEveryWrongKeyAtOnce()
    {
        string failures = Failures(
            new HubOptions { ConnectionString = Valid, WebSocketPort = 0 },
            new ProvisioningOptions { IdScope = "not a scope", RegistrationId = "a b", Endpoint = "x:y", Payload = "{" });

        Assert.All(
            (string[])["Hub:WebSocketPort must be", "Hub:Provisioning:IdScope is set beside", "Hub:Provisioning:IdScope must be", "Hub:Provisioning:RegistrationId must be", "Hub:Provisioning:Endpoint must be", "Hub:Provisioning:Payload must be"],
            expected => Assert.Contains(expected, failures, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_ProvisioningProof_IsExactlyOne()
    {
        ProvisioningOptions Scope(Action<ProvisioningOptions>? set = null)
        {
            var options = new ProvisioningOptions { IdScope = "0ne00000000", RegistrationId = "thermostat" };
            set?.Invoke(options);
            return options;
        }

        string key = Write("key", "a2V5\n");
        Assert.EndsWith("there are 0.", Failures(new HubOptions(), Scope()), StringComparison.Ordinal);
        Assert.Equal("", Failures(new HubOptions(), Scope(options => options.SymmetricKeyFile = key)));
        Assert.Equal("", Failures(new HubOptions(), Scope(options => options.GroupKey = "a2V5")));
        Assert.EndsWith("there are 2.", Failures(new HubOptions(), Scope(options => (options.SymmetricKey, options.GroupKeyFile) = ("a2V5", key))), StringComparison.Ordinal);
        string notBase64 = Failures(new HubOptions(), Scope(options => options.SymmetricKey = "sesame!"));
        Assert.Equal("Hub:Provisioning:SymmetricKey does not hold a base64 key.", notBase64);
        Assert.Equal("Hub:Provisioning:RegistrationId is required.", Failures(new HubOptions(), new ProvisioningOptions { IdScope = "0ne00000000", SymmetricKey = "a2V5" }));
    }

    [Fact]
    public void Read_FileAndSetting_TheFileComesFirst()
    {
        string file = Path.Combine(_temp.FullName, "hub");
        File.WriteAllText(file, Valid.Replace("thermostat", "from-file", StringComparison.Ordinal) + "\r\n");

        Assert.True(HubCredentials.TryRead(new HubOptions { ConnectionString = Valid, ConnectionStringFile = file }, out HubConnectionString? identity, out _));

        Assert.Equal("from-file", identity.DeviceId);
    }

    [Fact]
    public void TokenFor_GivenSignature_IsUsedAsItIs()
    {
        string token = SasToken.Create("contoso.example.com/devices/thermostat", "a2V5", DateTimeOffset.UnixEpoch.AddYears(60));
        HubConnectionString identity = HubConnectionString.Parse($"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessSignature={token}");

        Assert.Equal((token, null), new HubIdentity(identity, null).TokenFor(DateTimeOffset.UnixEpoch, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void AddModularDMHub_Configured_BindsAndRegistersOnce()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hub:ConnectionString"] = Valid,
            ["Hub:KeepAliveSeconds"] = "30",
        }).Build());
        services.AddLogging();
        services.AddModularDMHub().AddModularDMHub();
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal("thermostat", provider.GetRequiredService<IHubConnection>().DeviceId);
        Assert.Same(provider.GetRequiredService<MessageQueue>(), provider.GetRequiredService<IMessageSender>());
        Assert.Equal(30, provider.GetRequiredService<IOptions<HubOptions>>().Value.KeepAliveSeconds);
        Assert.Single(provider.GetServices<Microsoft.Extensions.Hosting.IHostedService>());
    }

    [Fact]
    public void AddModularDMHub_IdScope_AsksTheProvisioningService()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hub:Provisioning:IdScope"] = "0ne00000000",
            ["Hub:Provisioning:RegistrationId"] = "thermostat-1",
            ["Hub:Provisioning:SymmetricKey"] = "a2V5",
            ["Runtime:DataFolder"] = _temp.FullName,
        }).Build());
        services.AddLogging();
        services.AddModularDMHub();
        using ServiceProvider provider = services.BuildServiceProvider();

        IHubConnection connection = provider.GetRequiredService<IHubConnection>();

        Assert.IsType<ProvisionedIdentity>(provider.GetRequiredService<IHubIdentitySource>());
        Assert.Equal(("global.azure-devices-provisioning.net/0ne00000000", "thermostat-1"), (connection.HubHostName, connection.DeviceId));
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_temp.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string X509Failures(string certificate, string? key = null, string? password = null) => Failures(new HubOptions
    {
        ConnectionString = "HostName=contoso.example.com;DeviceId=thermostat;x509=true", CertificateFile = certificate, CertificateKeyFile = key, CertificatePasswordFile = password,
    });

    private static string Failures(HubOptions options, ProvisioningOptions? provisioning = null)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is null, "This shell has systemd credentials of its own.");
        return new HubOptionsValidator(Options.Create(provisioning ?? new ProvisioningOptions()), TimeProvider.System).Validate(null, options).FailureMessage ?? "";
    }
}
