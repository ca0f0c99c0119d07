using System.Text;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>As whom a device connects, byte by byte.</summary>
public sealed class IdentityTests
{
    [Fact]
    public async Task Connect_WithACertificate_ShowsItAndSendsNoPassword()
    {
        await using var hub = new RawHub();
        await using var device = new TestDevice();
        (string pem, string hash) = TestDevice.Certificate("thermostat");
        device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;x509=true;GatewayHostName=localhost:{hub.Port}";
        device.Options.CertificateFile = device.File("device.pem", pem);

        device.Run();

        RawLink link = await hub.Links.ReadAsync(device.Limit);
        Assert.Equal(hash, link.CertificateHash);
        Assert.Equal([4, 0x80, 0, 60], link.ConnectHead);
        Assert.Equal("thermostat", link.ClientId);
        Assert.StartsWith("contoso.example.com/thermostat/?api-version=2021-04-12&", link.UserName, StringComparison.Ordinal);
        Assert.Null(link.Password);
        await device.ConnectedAsync();
    }

    [Fact]
    public async Task Connect_WithAKey_ShowsNoCertificateAndSendsAToken()
    {
        await using var hub = new RawHub();
        await using var device = new TestDevice();
        device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey={TestDevice.Key};GatewayHostName=localhost:{hub.Port}";

        device.Run();

        RawLink link = await hub.Links.ReadAsync(device.Limit);
        Assert.Null(link.CertificateHash);
        Assert.Equal([4, 0xC0, 0, 60], link.ConnectHead);
        Assert.StartsWith("SharedAccessSignature sr=contoso.example.com%2Fdevices%2Fthermostat&sig=", link.Password, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_CertificateReplacedAfterARefusal_ShowsTheNewOneWithoutARestart()
    {
        await using var hub = new RawHub { ConnectCode = 5 };
        await using var device = new TestDevice();
        (string old, string oldHash) = TestDevice.Certificate("thermostat");
        (string fresh, string freshHash) = TestDevice.Certificate("thermostat");
        device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;x509=true;GatewayHostName=localhost:{hub.Port}";
        device.Options.CertificateFile = device.File("device.pem", old);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        device.Run(clock);
        Assert.Equal(oldHash, (await hub.Links.ReadAsync(device.Limit)).CertificateHash);
        await device.Log.WaitForAsync("Next try in", device.Limit);

        device.File("device.pem", fresh);
        hub.ConnectCode = 0;

        Assert.Equal(freshHash, (await NextLinkAsync(hub, clock, device.Limit)).CertificateHash);
        await device.ConnectedAsync();
    }

    [Fact]
    public async Task Connect_CertificateUnreadableLater_UsesTheLastOneAndSaysSo()
    {
        await using var hub = new RawHub { ConnectCode = 3 };
        await using var device = new TestDevice();
        (string pem, string hash) = TestDevice.Certificate("thermostat");
        device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;x509=true;GatewayHostName=localhost:{hub.Port}";
        device.Options.CertificateFile = device.File("device.pem", pem);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        device.Run(clock);
        await hub.Links.ReadAsync(device.Limit);
        await device.Log.WaitForAsync("Next try in", device.Limit);

        File.Delete(device.Options.CertificateFile);

        Assert.Equal(hash, (await NextLinkAsync(hub, clock, device.Limit)).CertificateHash);
        Assert.Contains("The device's certificate cannot be read: Hub:CertificateFile '", device.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_InItsLast30Days_IsWarnedOfOnceADay()
    {
        await using var device = new TestDevice();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        device.Options.CertificateFile = device.File("device.pem", TestDevice.Certificate("thermostat", clock.GetUtcNow().AddDays(31)).Pem);
        var certificate = new ClientCertificate(device.Options, clock, device.Log);
        using var over = new CancellationTokenSource();
        Task watching = certificate.WatchAsync(over.Token);
        Assert.DoesNotContain("ends on", device.Log.Text, StringComparison.Ordinal);

        clock.Advance(TimeSpan.FromDays(1.5));
        await device.Log.WaitForAsync("Warning The device's certificate ends on 2026-04-01, in 29 days", device.Limit);
        clock.Advance(TimeSpan.FromHours(12));
        Assert.Equal(2, device.Log.Text.Split("certificate ends on").Length);
        clock.Advance(TimeSpan.FromDays(30));
        Task ended = device.Log.WaitForAsync("Error The device's certificate ended on 2026-04-01", device.Limit);
        while (await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System)) != ended)
        {
            // The watch may not have begun its next wait when the clock was turned.
            clock.Advance(TimeSpan.FromDays(1));
        }

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Connect_AsAModule_UsesTheModulesNamesEverywhere()
    {
        var published = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = new RawHub();
        hub.OnPublish = (_, topic, _) =>
        {
            published.TrySetResult(topic);
            return Task.CompletedTask;
        };
        await using var device = new TestDevice();
        device.Options.ConnectionString =
            $"HostName=contoso.example.com;DeviceId=thermostat;ModuleId=fan;SharedAccessKey={TestDevice.Key};GatewayHostName=localhost:{hub.Port}";
        MqttHubConnection connection = device.Run();
        RawLink link = await hub.Links.ReadAsync(device.Limit);
        await device.ConnectedAsync();

        await connection.SendMessageAsync(new DeviceMessage("{}"u8.ToArray(), new Dictionary<string, string>()), device.Limit);

        Assert.Equal("thermostat/fan", link.ClientId);
        Assert.StartsWith("contoso.example.com/thermostat/fan/?api-version=2021-04-12&", link.UserName, StringComparison.Ordinal);
        Assert.True(SasToken.TryParse(link.Password, out SasToken? token, out _));
        Assert.Equal("contoso.example.com/devices/thermostat/modules/fan", token.Resource);
        Assert.StartsWith("devices/thermostat/modules/fan/messages/events/", await published.Task.WaitAsync(device.Limit), StringComparison.Ordinal);
        Assert.Equal("thermostat/fan", connection.DeviceId);
        string filters = Encoding.UTF8.GetString(await link.NextAsync(0x82, device.Limit));
        Assert.DoesNotContain("devicebound", filters, StringComparison.Ordinal);
    }

    /// <summary>Turns the clock until the device connects; its wait may not have begun yet.</summary>
    internal static async Task<RawLink> NextLinkAsync(RawHub hub, FakeTimeProvider clock, CancellationToken cancellationToken)
    {
        while (true)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            moment.CancelAfter(TimeSpan.FromMilliseconds(500));
            try
            {
                return await hub.Links.ReadAsync(moment.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                continue;
            }
        }
    }
}
