using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>A device's connection under test, with a folder of its own for files; it is stopped in good order, and its log must hold no secret.</summary>
internal sealed class TestDevice : IAsyncDisposable
{
    public const string Key = "c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhaw==";
    private readonly CancellationTokenSource _test = new(TimeSpan.FromSeconds(30));
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public TestDevice()
    {
        Options = new HubOptions { CaFile = File("ca.pem", TestAuthority.CaPem), Transport = HubTransport.Mqtt };
    }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("mdm-device-");

    public HubOptions Options { get; }

    public RecordingListener Listener { get; } = new();

    public CapturedLog<MqttHubConnection> Log { get; } = new();

    /// <summary>Fires when the test takes too long.</summary>
    public CancellationToken Limit => _test.Token;

    /// <summary>A file in the device's folder.</summary>
    public string File(string name, string text)
    {
        string path = Path.Combine(Folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A certificate of this name as PEM with its key, and its SHA-256.</summary>
    public static (string Pem, string Hash) Certificate(string commonName, DateTimeOffset? ends = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        DateTimeOffset end = ends ?? TimeProvider.System.GetUtcNow().AddYears(1);
        using X509Certificate2 certificate = request.CreateSelfSigned(end.AddYears(-2), end);
        return (certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem(), certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }

    public MqttHubConnection Run(TimeProvider? clock = null, IHubIdentitySource? source = null)
    {
        clock ??= TimeProvider.System;
        var connection = new MqttHubConnection(Microsoft.Extensions.Options.Options.Create(Options), source ?? new ConfiguredIdentity(Options, clock, Log), clock, Log);
        _running = connection.RunAsync(Listener, _stop.Token);
        return connection;
    }

    public async Task ConnectedAsync() => Assert.Equal("connected", await Listener.Events.ReadAsync(Limit));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        _stop.Dispose();
        _test.Dispose();
        Folder.Delete(recursive: true);
        Assert.DoesNotContain(Key, Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("SharedAccessSignature sr=", Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", Log.Text, StringComparison.Ordinal);
    }
}
