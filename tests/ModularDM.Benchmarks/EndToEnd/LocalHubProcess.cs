using System.Text.Json;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>The local hub in a process of its own, on free ports.</summary>
internal sealed class LocalHubProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly Dictionary<string, string> _devices;

    private LocalHubProcess(ChildProcess process, JsonElement ready)
    {
        _process = process;
        CaFile = ready.GetProperty("caFile").GetString()!;
        MqttPort = ready.GetProperty("mqttPort").GetInt32();
        ServiceConnectionString = ready.GetProperty("serviceConnectionString").GetString()!;
        _devices = ready.GetProperty("devices").EnumerateArray()
            .ToDictionary(device => device.GetProperty("deviceId").GetString()!, device => device.GetProperty("connectionString").GetString()!);
    }

    public string CaFile { get; }

    public string ServiceConnectionString { get; }

    public int MqttPort { get; }

    public TimeSpan Cpu => _process.Cpu;

    public long ResidentMegabytes => _process.ResidentBytes / 1_000_000;

    public long PeakMegabytes => _process.PeakBytes / 1_000_000;

    public static async Task<LocalHubProcess> StartAsync(string data, params string[] devices)
    {
        string program = Path.Combine(ChildProcess.Output("hub/ModularDM.Hub.Local"), "mdm-hub.dll");
        var process = ChildProcess.Start(program, ["--mqtt-port", "0", "--https-port", "0", "--data", data, .. devices.SelectMany(id => new[] { "--device", id })]);
        const string ready = "READY ";
        string line = await process.LineAsync(line => line.StartsWith(ready, StringComparison.Ordinal));
        using JsonDocument document = JsonDocument.Parse(line[ready.Length..]);
        return new LocalHubProcess(process, document.RootElement);
    }

    public string ConnectionString(string device) => _devices[device];

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
