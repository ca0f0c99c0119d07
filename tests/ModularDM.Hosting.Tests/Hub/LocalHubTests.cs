using ModularDM.Hosting.Hub;
using ModularDM.Hub.Local;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>The device's connection and the real local hub, each way to prove an identity.</summary>
public sealed class LocalHubTests : IAsyncLifetime
{
    private readonly TestDevice _device = new();
    private LocalHub _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await LocalHub.StartAsync(new LocalHubOptions
        {
            MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(_device.Folder.FullName, "hub"), Devices = ["thermostat"],
        });
        _device.Options.CaFile = _hub.CaFile;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _device.DisposeAsync();
    }

    [Theory]
    [InlineData("key")]
    [InlineData("certificate")]
    [InlineData("module")]
    [InlineData("webSocket")]
    public async Task Device_AnyIdentity_ReadsItsTwinReportsAndSends(string identity)
    {
        _device.Options.ConnectionString = identity switch
        {
            "certificate" => await WithACertificateAsync(),
            "module" => await _hub.CreateModuleAsync("thermostat", "fan"),
            _ => _hub.GetDeviceConnectionString("thermostat"),
        };
        if (identity == "webSocket")
        {
            (_device.Options.Transport, _device.Options.WebSocketPort) = (HubTransport.WebSocket, _hub.HttpsPort);
        }

        MqttHubConnection connection = _device.Run();
        await _device.ConnectedAsync();

        HubTwin before = await connection.GetTwinAsync(_device.Limit);
        long version = await connection.ReportAsync("""{"contoso":{"speed":3}}"""u8.ToArray(), _device.Limit);
        await connection.SendMessageAsync(new DeviceMessage("{}"u8.ToArray(), new Dictionary<string, string>()), _device.Limit);
        HubTwin after = await connection.GetTwinAsync(_device.Limit);

        Assert.Equal(before.ReportedVersion + 1, version);
        Assert.Equal(version, after.ReportedVersion);
        Assert.Equal(identity == "module" ? "thermostat/fan" : "thermostat", connection.DeviceId);
    }

    [Fact]
    public async Task Device_CertificateOfAnotherDevice_IsRefusedUntilItsFileHoldsTheRightOne()
    {
        string connectionString = await WithACertificateAsync();
        string right = await File.ReadAllTextAsync(_device.Options.CertificateFile!, _device.Limit);
        _device.File("device.pem", TestDevice.Certificate("thermostat").Pem);
        _device.Options.ConnectionString = connectionString;
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        _device.Run(clock);
        await _device.Log.WaitForAsync("is not accepted by", _device.Limit);

        _device.File("device.pem", right);
        Task connected = _device.ConnectedAsync();
        while (await Task.WhenAny(connected, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System)) != connected)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        await connected;
    }

    private async Task<string> WithACertificateAsync()
    {
        (string pem, string hash) = TestDevice.Certificate("thermostat");
        _device.Options.CertificateFile = _device.File("device.pem", pem);
        return await _hub.CreateX509DeviceAsync("thermostat", hash);
    }
}
