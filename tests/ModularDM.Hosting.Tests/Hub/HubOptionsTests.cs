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

    private static string Failures(HubOptions options, ProvisioningOptions? provisioning = null)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is null, "This shell has systemd credentials of its own.");
        return new HubOptionsValidator(Options.Create(provisioning ?? new ProvisioningOptions()), TimeProvider.System).Validate(null, options).FailureMessage ?? "";
    }
}
