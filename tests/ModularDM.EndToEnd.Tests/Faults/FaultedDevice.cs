using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModularDM.Hosting.Application;
using ModularDM.Hosting.Hub;
using ModularDM.Hub.Local;

namespace ModularDM.EndToEnd.Tests.Faults;

/// <summary>A real runtime with a real plugin, connected over TLS to a hub of its own that can go wrong; and what its application did.</summary>
internal sealed class FaultedDevice : IAsyncDisposable
{
    private const string Id = "thermostat";
    private const string Method = "appliance.work";
    private static readonly Dictionary<string, string> s_none = [];
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);
    private readonly DirectoryInfo _folder;
    private readonly IHost _host;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, int> _executions = [];
    private readonly ConcurrentDictionary<int, int> _answers = [];
    private readonly TaskCompletionSource _working = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _acknowledgedReports = [], _acknowledgedMessages = [];
    private Task _publishing = Task.CompletedTask;
    private int _calls;

    private FaultedDevice(DirectoryInfo folder, LocalHub hub)
    {
        (_folder, Hub) = (folder, hub);
        Service = new DeviceService(new JsonObject
        {
            ["serviceConnectionString"] = hub.ServiceConnectionString,
            ["deviceId"] = Id,
            ["hub"] = new JsonObject { ["caFile"] = hub.CaFile, ["host"] = hub.Host, ["httpsPort"] = hub.HttpsPort },
        });
        _host = BuildHost();
        Device = _host.Services.GetRequiredService<IDeviceHub>();
    }

    public LocalHub Hub { get; }

    public DeviceService Service { get; }

    public IDeviceHub Device { get; }

    /// <summary>Ends when the application's method first ran.</summary>
    public Task Working => _working.Task;

    public static async Task<FaultedDevice> StartAsync()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("mdm-faults-");
        LocalHub hub = await LocalHub.StartAsync(
            new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder.FullName, "hub"), Devices = [Id], AllowFaults = true });
        var device = new FaultedDevice(folder, hub);
        await device._host.StartAsync();
        device.Device.MapMethod(Method, device.WorkAsync);
        await device.Service.WaitReportedAsync(all => all.TextAt("modularDM.summary.state") is not null, "the runtime's own report");
        return device;
    }

    /// <summary>The application reports from now on, and sends messages if wanted, each once, and notes what the hub acknowledged.</summary>
    public void Publish(bool messages) => _publishing = PublishAsync(messages);

    /// <summary>Waits until the hub acknowledges something new.</summary>
    public async Task HeardAgainAsync(TimeSpan limit) => await TestTimeouts.WaitForAsync(
        async () => await TryAsync([], 0, () => Device.ReportAsync("appliance", JsonSerializer.SerializeToElement(Number("again", 1)), CancellationToken.None)) ? this : null,
        () => Task.FromResult("The runtime did not notice that its link is dead."),
        limit);

    /// <summary>Calls the method as a service does, with a number of its own each time, until the device has answered.</summary>
    public async Task CallUntilAnsweredAsync(TimeSpan limit)
    {
        await TestTimeouts.WaitForAsync(
            async () =>
            {
                int call = Interlocked.Increment(ref _calls);
                int status = await OrCutAsync(() => Service.TryInvokeAsync(Method, Number("call", call).ToJsonString()));
                _answers[call] = status;
                return status == 200 ? this : null;
            },
            () => Task.FromResult($"No method was answered: {string.Join(", ", _answers)}."),
            limit);
    }

    /// <summary>Changes desired, again and again until the hub has said that it took it.</summary>
    public async Task DesireAsync(JsonNode desired) => await TestTimeouts.WaitForAsync(
        async () => await OrCutAsync(() => Service.TryPatchDesiredAsync(desired.ToJsonString())) == 200 ? this : null, () => Task.FromResult("The hub did not take the patch."));

    /// <summary>Stops publishing and checks what must hold when all is well again.</summary>
    public async Task CheckAsync(int level)
    {
        await _stop.CancelAsync();
        await _publishing;
        JsonNode reported = await Service.WaitReportedAsync(
            all => all.TextAt("modularDM.summary.pending") == "0" && all.TextAt("modularDM.summary.state") == "ok", "that nothing is pending or failed");
        Assert.Equal(level.ToString(CultureInfo.InvariantCulture), reported.TextAt("contoso.wellBehaved.level"));
        Assert.Equal("completed", reported.TextAt("contoso.wellBehaved.lastChange.state"));
        Assert.DoesNotContain("\"state\":\"pending\"", WithoutMetadata(reported), StringComparison.Ordinal);
        Assert.All(_acknowledgedReports, n => Assert.Equal($"{n}", reported.TextAt($"appliance.r{n}")));

        List<int> messages = await ReadMessagesAsync();
        Assert.Equal(messages.Distinct(), messages);
        Assert.Empty(_acknowledgedMessages.Except(messages));

        Assert.All(_executions, executed => Assert.True(executed.Value == 1, $"call {executed.Key} ran {executed.Value} times"));
        Assert.All(_answers.Where(answer => answer.Value == 200), answer => Assert.True(_executions.ContainsKey(answer.Key), $"call {answer.Key} was answered but did not run"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _publishing;
        await _host.StopAsync();
        _host.Dispose();
        Service.Dispose();
        await Hub.DisposeAsync();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private static JsonObject Number(string name, int number) => new() { [name] = number };

    private static string WithoutMetadata(JsonNode reported)
    {
        JsonNode copy = reported.DeepClone();
        ((JsonObject)copy).Remove("$metadata");
        return copy.ToJsonString();
    }

    // A service whose connection is cut does not know; it tries again.
    private static async Task<int> OrCutAsync(Func<Task<int>> send)
    {
        try
        {
            return await send();
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    private IHost BuildHost()
    {
        string root = _folder.FullName;
        string plugin = Directory.CreateDirectory(Path.Combine(root, "plugins", "contoso.wellbehaved")).FullName;
        foreach (string file in Directory.EnumerateFiles(QuickStartProcess.NewPluginFolder))
        {
            File.Copy(file, Path.Combine(plugin, Path.GetFileName(file)));
        }

        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hub:ConnectionString"] = Hub.GetDeviceConnectionString(Id),
            ["Hub:CaFile"] = Hub.CaFile,
            ["Hub:KeepAliveSeconds"] = "4",
            ["Hub:RequestTimeoutSeconds"] = "3",
            ["Runtime:DataFolder"] = Path.Combine(root, "data"),
            ["Plugins:CoreFolder"] = Directory.CreateDirectory(Path.Combine(root, "core")).FullName,
            ["Plugins:Folders:0"] = Path.Combine(root, "plugins"),
            ["Plugins:SettingsFolder"] = root,
            ["Plugins:DataFolder"] = Path.Combine(root, "plugin-data"),
            ["Configurator:Endpoint"] = Path.Combine(root, "nobody.sock"),
            ["Telemetry:FlightRecorder:Folder"] = Path.Combine(root, "traces"),
        });
        builder.Services.AddModularDM();
        return builder.Build();
    }

    private async Task<(int Status, JsonElement Answer)> WorkAsync(JsonElement payload, CancellationToken cancellationToken)
    {
        _executions.AddOrUpdate(payload.GetProperty("call").GetInt32(), 1, (_, times) => times + 1);
        _working.TrySetResult();
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, cancellationToken);
        return (200, payload);
    }

    private async Task PublishAsync(bool messages)
    {
        for (int n = 1; !_stop.IsCancellationRequested; n++)
        {
            await TryAsync(_acknowledgedReports, n, () => Device.ReportAsync("appliance", JsonSerializer.SerializeToElement(Number($"r{n}", n)), CancellationToken.None));
            if (messages)
            {
                await TryAsync(_acknowledgedMessages, n, () => Device.SendAsync(new DeviceMessage(JsonSerializer.SerializeToUtf8Bytes(Number("m", n)), s_none), CancellationToken.None));
            }

            await Task.Delay(s_interval, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> TryAsync(List<int> acknowledged, int number, Func<Task> send)
    {
        try
        {
            await send();
            acknowledged.Add(number);
            return true;
        }
        catch (HubException)
        {
            // Not acknowledged: it may be there or not.
            return false;
        }
    }

    private async Task<List<int>> ReadMessagesAsync()
    {
        var numbers = new List<int>();
        for (long after = 0; ;)
        {
            JsonArray page = await Service.GetMessagesAsync(after);
            if (page.Count == 0)
            {
                return numbers;
            }

            after = (long)page[^1]!["sequence"]!;
            numbers.AddRange(page.Select(message => message.At("body.m")).Where(number => number is not null).Select(number => (int)number!));
        }
    }
}
