using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModularDM.Hosting.Application;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Runtime;

/// <summary>The whole runtime as an application embeds it: <c>AddModularDM</c>, a real plugin from its folder, a hub in memory.</summary>
public sealed class RuntimeTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly InMemoryHub _hub = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Runtime_WithAPlugin_AppliesAndReportsItsSection()
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        _hub.PatchDesired("""{"contoso":{"wellBehaved":{"level":4}}}""");
        JsonNode section = await _hub.SectionAsync("contoso", "wellBehaved", "completed");
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(4, (int)section["level"]!);
        Assert.Equal("active", (string)_hub.Reported["modularDM"]!["plugins"]!["contoso"]!["wellbehaved"]!["state"]!);
    }

    [Fact]
    public async Task Section_SwitchedOff_IsNamedWithTheReasonAndNotApplied()
    {
        using IHost host = Build(("Sections:Disabled:0", "contoso.wellBehaved"), ("Sections:Disabled:1", "externalStorage"));
        await host.StartAsync(TestContext.Current.CancellationToken);

        _hub.PatchDesired("""{"windows":{"externalStorage":{"connectionString":"AccountName=contoso;AccountKey=a2V5"}},"contoso":{"wellBehaved":{"level":4}}}""");
        JsonNode reported = await _hub.ReportedAsync(node => node["modularDM"]?["unknown"]?.AsArray().Count > 0);
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal("windows.externalStorage (switched off on the device by Sections:Disabled)", (string)reported["modularDM"]!["unknown"]!.AsArray().Single()!);
        Assert.Null(_hub.Reported["contoso"]);
    }

    [Fact]
    public async Task ExternalStorage_IsTakenAndItsSecretIsNeitherReportedNorKept()
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        _hub.PatchDesired("""{"windows":{"externalStorage":{"connectionString":"AccountName=contoso;AccountKey=c2VjcmV0"}}}""");
        JsonNode section = await _hub.SectionAsync("windows", "externalStorage", "completed");
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal("<set>", (string)section["connectionString"]!);
        Assert.All(_hub.Patches, patch => Assert.DoesNotContain("c2VjcmV0", patch, StringComparison.Ordinal));
        foreach (string file in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("c2VjcmV0", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Application_SharesTheConnectionUnderItsOwnNames()
    {
        using IHost host = Build();
        IDeviceHub hub = host.Services.GetRequiredService<IDeviceHub>();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await _hub.ReportedAsync(node => node["modularDM"] is not null);
        var seen = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable following = hub.Follow("appliance", node => seen.TrySetResult(node.GetProperty("heat").GetInt32()));
        using IDisposable method = hub.MapMethod("appliance.toast", (payload, _) => Task.FromResult((200, payload)));

        _hub.PatchDesired("""{"appliance":{"heat":70}}""");
        Assert.Equal(70, await seen.Task.WaitAsync(TestTimeouts.Default, TestContext.Current.CancellationToken));
        await hub.ReportAsync("appliance", JsonSerializer.SerializeToElement(new { heat = 71 }), TestContext.Current.CancellationToken);
        HubMethodResponse answer = await _hub.CallAsync("appliance.toast", """{"slices":2}""");
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(71, (int)_hub.Reported["appliance"]!["heat"]!);
        Assert.Equal((200, """{"slices":2}"""), (answer.Status, System.Text.Encoding.UTF8.GetString(answer.Payload.Span)));
    }

    [Theory]
    [InlineData("windows")]
    [InlineData("modularDM")]
    [InlineData("contoso")]
    public async Task Application_UsingANodeOfTheRuntimes_IsRefusedByName(string node)
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        IDeviceHub hub = host.Services.GetRequiredService<IDeviceHub>();

        Assert.Contains(node, Assert.Throws<ArgumentException>(() => hub.Follow(node, _ => { })).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => hub.ReportAsync(node, JsonSerializer.SerializeToElement(1), CancellationToken.None));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("windows.reportAllAsync")]
    [InlineData("windows.ofMyOwn")]
    [InlineData("contoso.zoneAsync")]
    public async Task Application_MappingAMethodOfTheRuntimes_IsRefusedByName(string name)
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        IDeviceHub hub = host.Services.GetRequiredService<IDeviceHub>();

        ArgumentException refusal = Assert.Throws<ArgumentException>(() => hub.MapMethod(name, (payload, _) => Task.FromResult((200, payload))));
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runtime_StartedAndStoppedManyTimes_LeavesNothingBehind()
    {
        var left = new List<WeakReference>();
        for (int round = 0; round < 10; round++)
        {
            left.Add(await RunOnceAsync(round));
        }

        for (int tries = 0; tries < 20 && left.Any(reference => reference.IsAlive); tries++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        // The last one may still be held by a frame of this very method's.
        Assert.True(left.Count(reference => reference.IsAlive) <= 1, $"{left.Count(reference => reference.IsAlive)} of 10 runtimes are still alive");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> RunOnceAsync(int round)
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        _hub.PatchDesired("{\"contoso\":{\"wellBehaved\":{\"level\":" + round + "}}}");
        await _hub.ReportedAsync(node => (int?)node["contoso"]?["wellBehaved"]?["level"] == round);
        await host.StopAsync(TestContext.Current.CancellationToken);
        return new WeakReference(host.Services.GetRequiredService<Lazy<TwinEngine>>().Value);
    }

    private IHost Build(params (string Key, string Value)[] settings)
    {
        string plugins = Directory.CreateDirectory(Path.Combine(_folder.Path, "plugins", "contoso.wellbehaved")).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "TestPlugins", "contoso.wellbehaved")))
        {
            File.Copy(file, Path.Combine(plugins, Path.GetFileName(file)), overwrite: true);
        }

        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Runtime:DataFolder"] = Path.Combine(_folder.Path, "data"),
            ["Plugins:CoreFolder"] = Directory.CreateDirectory(Path.Combine(_folder.Path, "core")).FullName,
            ["Plugins:Folders:0"] = Path.GetDirectoryName(plugins),
            ["Plugins:SettingsFolder"] = _folder.Path,
            ["Plugins:DataFolder"] = Path.Combine(_folder.Path, "plugin-data"),
            ["Configurator:Endpoint"] = Path.Combine(_folder.Path, "nobody.sock"),
            ["Telemetry:FlightRecorder:Folder"] = Path.Combine(_folder.Path, "traces"),
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.Services.AddSingleton<IHubConnection>(_hub);
        builder.Services.AddModularDM();
        return builder.Build();
    }
}
