using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ModularDM.Samples.QuickStart;

/// <summary>Starts the system part by part, says where it is, and keeps it running until it is told to stop.</summary>
internal sealed partial class Supervisor : IAsyncDisposable
{
    public const string DeviceId = "quickstart-device";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);
    private readonly QuickStartOptions _options;
    private readonly Layout _layout;
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly Part _hub;
    private readonly Part _configurator;
    private readonly Part _host;
    private FileSystemWatcher? _reboots;

    private Supervisor(QuickStartOptions options)
    {
        _options = options;
        _layout = new Layout(options.Data);
        _hub = MakePart("hub", "mdm-hub.dll");
        _configurator = MakePart("configurator", "mdm-configurator.dll");
        _host = MakePart("host", "QuickStart.dll");
    }

    public static async Task<int> RunAsync(QuickStartOptions options, CancellationToken cancellationToken)
    {
        using var signals = new StopSignals(cancellationToken);
        if (MachineGuard.Refuse(options) is { } refusal)
        {
            await Console.Error.WriteLineAsync($"quickstart: {refusal}");
            return 2;
        }

        try
        {
            await using var supervisor = new Supervisor(options);
            await supervisor.StartAsync(signals.Token);
            await signals.Stopped;
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"quickstart: {e.Message}");
            return 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _reboots?.Dispose();
        await Task.WhenAll(_host.DisposeAsync().AsTask(), _configurator.DisposeAsync().AsTask(), _hub.DisposeAsync().AsTask());
        File.Delete(_layout.ProcessIds);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        Leftovers.End(_layout.ProcessIds);
        _layout.InstallPlugins();
        Say($"Data in {_layout.Root}");
        HubReady hub = await StartHubAsync(cancellationToken);
        HubDevice device = hub.Devices.Single(known => known.DeviceId == DeviceId);
        Configuration.WritePolicy(_layout);
        Configuration.WriteHost(_layout, hub, device);

        _configurator.Arguments = ["run", "--platform", _options.Platform, "--socket", _layout.Socket, "--policy", _layout.Policy, "--state", _layout.ConfiguratorState];
        _configurator.Start();
        await WaitAsync(_configurator.Ready, "the configurator", cancellationToken);
        Say($"Configurator on {_layout.Socket} ({_options.Platform} device)");

        WatchReboots();
        _host.Arguments = ["host", _layout.HostConfiguration];
        _host.Start();
        using var service = new HubService(hub);
        JsonNode reported = await service.WaitForHostAsync(DeviceId, _host.Ready, s_startLimit, _clock, cancellationToken);
        Say($"Host runs as device '{DeviceId}' with these plugins:");
        foreach ((string vendor, JsonNode? plugins) in reported["modularDM"]!["plugins"]!.AsObject())
        {
            foreach ((string name, JsonNode? plugin) in plugins!.AsObject())
            {
                Say($"  {vendor}.{name} {(string?)plugin!["version"]}: {(string?)plugin["state"]}{(plugin["reason"] is { } reason ? $" ({reason})" : "")}");
            }
        }

        SayHowToGoOn(hub, service);
        var ready = new Ready(
            new ReadyHub(hub.Host, hub.MqttPort, hub.HttpsPort, hub.CaFile),
            null,
            DeviceId,
            device.ConnectionString,
            hub.ServiceConnectionString,
            _layout.Socket,
            _layout.OemPlugins,
            new ReadyPids(_hub.ProcessId, _configurator.ProcessId, _host.ProcessId, null));
        Console.Out.WriteLine($"READY {JsonSerializer.Serialize(ready, SupervisorJson.Default.Ready)}");
        Console.Out.Flush();
    }

    private async Task<HubReady> StartHubAsync(CancellationToken cancellationToken)
    {
        string[] Arguments(int mqttPort, int httpsPort) =>
        [
            "--mqtt-port", $"{mqttPort}", "--https-port", $"{httpsPort}", "--bind", $"{_options.Bind}", "--data", _layout.Hub, "--device", DeviceId,
        ];

        _hub.Arguments = Arguments(_options.MqttPort, _options.HttpsPort);
        _hub.Start();
        HubReady hub = JsonSerializer.Deserialize(await WaitAsync(_hub.Ready, "the hub", cancellationToken), SupervisorJson.Default.HubReady)!;

        // A port that was any free one must be the same one after a restart: devices and people know it now.
        _hub.Arguments = Arguments(hub.MqttPort, hub.HttpsPort);
        Say($"Hub: devices connect to mqtts://{hub.Host}:{hub.MqttPort}, services to https://{hub.Host}:{hub.HttpsPort}; both trust {hub.CaFile}");
        return hub;
    }

    // A simulated device cannot turn itself off and on. What it does instead is leave this file, and its host starts anew.
    private void WatchReboots()
    {
        Directory.CreateDirectory(_layout.ConfiguratorState);
        _reboots = new FileSystemWatcher(_layout.ConfiguratorState, Path.GetFileName(_layout.RebootMarker));
        void Reboot(object sender, FileSystemEventArgs e)
        {
            if (File.Exists(_layout.RebootMarker))
            {
                File.Delete(_layout.RebootMarker);
                Console.Error.WriteLine("The device reboots: the host starts anew.");
                _host.Restart();
            }
        }

        _reboots.Created += Reboot;
        _reboots.Renamed += Reboot;
        _reboots.Changed += Reboot;
        _reboots.EnableRaisingEvents = true;
    }

    private Part MakePart(string name, string assembly)
    {
        var part = new Part(name, assembly, Path.Combine(_layout.Logs, name + ".log"), _clock);
        part.Started += (started, count) =>
        {
            if (count > 1)
            {
                Console.Error.WriteLine($"{started.Name} had ended and was started again (process {started.ProcessId}).");
            }

            Leftovers.Remember(_layout.ProcessIds, [_hub, _configurator, _host]);
        };
        return part;
    }

    private async Task<string> WaitAsync(Task<string> ready, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await ready.WaitAsync(s_startLimit, _clock, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{what} was not ready within {s_startLimit.TotalSeconds} s; see {_layout.Logs}", e);
        }
    }

    private static void SayHowToGoOn(HubReady hub, HubService service)
    {
        string curl = $"curl --cacert '{hub.CaFile}' -H \"Authorization: $TOKEN\" -H 'Content-Type: application/json' 'https://{hub.Host}:{hub.HttpsPort}/twins/{DeviceId}";
        Say("");
        Say("Manage the device (the token holds for a day):");
        Say($"  TOKEN='{service.MakeToken(TimeSpan.FromDays(1))}'");
        Say("  # set its time zone");
        Say($"  {curl}?api-version=2021-04-12' -X PATCH -d '{{\"properties\":{{\"desired\":{{\"windows\":{{\"timeInfo\":{{\"timeZoneKeyName\":\"Pacific Standard Time\"}}}}}}}}}}'");
        Say("  # turn the fan of the OEM's plugin to 40 %");
        Say($"  {curl}?api-version=2021-04-12' -X PATCH -d '{{\"properties\":{{\"desired\":{{\"contoso\":{{\"fan\":{{\"speedPercent\":40}}}}}}}}}}'");
        Say("  # see what the device reports");
        Say($"  {curl}?api-version=2021-04-12'");
        Say("  # reboot it");
        Say($"  {curl}/methods?api-version=2021-04-12' -d '{{\"methodName\":\"windows.rebootAsync\"}}'");
        Say("");
        Say("Ctrl-C stops everything.");
    }

    private static void Say(string line) => Console.Out.WriteLine(line);

    private sealed class StopSignals : IDisposable
    {
        private readonly CancellationTokenSource _stop;
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IDisposable[] _registrations;

        public StopSignals(CancellationToken outer)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
            _stop.Token.Register(() => _stopped.TrySetResult());
            _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _stop.Cancel();
            }))];
        }

        public CancellationToken Token => _stop.Token;

        public Task Stopped => _stopped.Task;

        public void Dispose()
        {
            foreach (IDisposable registration in _registrations)
            {
                registration.Dispose();
            }

            _stop.Dispose();
        }
    }
}

/// <summary>What the hub says when it listens.</summary>
internal sealed record HubReady(string Host, int MqttPort, int HttpsPort, string CaFile, string ServiceConnectionString, IReadOnlyList<HubDevice> Devices);

internal sealed record HubDevice(string DeviceId, string ConnectionString);

/// <summary>The last line, for a program.</summary>
internal sealed record Ready(
    ReadyHub Hub,
    string? Dashboard,
    string DeviceId,
    string DeviceConnectionString,
    string ServiceConnectionString,
    string ConfiguratorSocket,
    string PluginsFolder,
    ReadyPids Pids);

internal sealed record ReadyHub(string Host, int MqttPort, int HttpsPort, string CaFile);

internal sealed record ReadyPids(int Hub, int Configurator, int Host, int? Dashboard);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HubReady))]
[JsonSerializable(typeof(Ready))]
internal sealed partial class SupervisorJson : JsonSerializerContext;
