using System.Runtime.Loader;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Plugins.Activation;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginActivationTests : IAsyncDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly PluginSandbox _sandbox = new();

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public async Task Start_OnDemandPlugin_IsLoadedByItsFirstSectionOnly()
    {
        _sandbox.Add("WellBehaved");
        await _sandbox.StartAsync();
        Assert.Equal(PluginState.Discovered, _sandbox.Status("WellBehaved").State);
        Assert.DoesNotContain(LoadedAssemblies(), IsOurs);

        ApplyResult applied = await _sandbox.Section("contoso.wellBehaved").ApplyAsync(Desired("""{"level":3}"""), CancellationToken.None);
        SectionReading read = await _sandbox.Section("contoso.wellBehaved").ReadAsync(CancellationToken.None);

        Assert.Equal(ApplyOutcome.Completed, applied.Outcome);
        Assert.Equal("""{"level":3,"same":true,"thread":"contoso.wellbehaved"}""", Encoding.UTF8.GetString(read.Report!.Utf8Json.Span));
        Assert.Equal(PluginState.Active, _sandbox.Status("WellBehaved").State);
        Assert.Contains(LoadedAssemblies(), IsOurs);
    }

    [Fact]
    public async Task Method_SendsRequest_UnderItsPluginAndLease()
    {
        _sandbox.Add("WellBehaved");
        await _sandbox.StartAsync();
        _sandbox.Channel.Answer = (_, _) => Task.FromResult<ConfiguratorResponse?>(null);
        IReadOnlySet<SectionName> owned = new Hosting.Plugins.Discovery.PluginDiscovery(_sandbox.Options).Discover()[0].OwnedSections;
        MethodResult result = await _sandbox.Catalog.Methods["contoso.zoneAsync"].InvokeAsync(new MethodCall("contoso.zoneAsync", default), CancellationToken.None);
        Assert.Equal(404, result.Status);
        (string id, long lease, ConfiguratorRequest request) = Assert.Single(_sandbox.Channel.Requests);
        Assert.Equal("contoso.wellbehaved", id);
        Assert.True(lease > 0);
        Assert.IsType<GetTimeZone>(request);
        Assert.Equal(["contoso.wellBehaved", "contoso.zoneCmd"], owned.Select(n => n.ToString()).Order());
    }

    [Fact]
    public async Task Start_PluginWithItsOwnContracts_WorksWithTheHosts()
    {
        string folder = _sandbox.Add("OwnContractsCopy");
        Assert.True(File.Exists(Path.Combine(folder, "ModularDM.Contracts.dll")), "the test needs a plugin that ships a copy");
        await _sandbox.StartAsync();
        ApplyResult applied = await _sandbox.Section("contoso.ownContractsCopy").ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Equal(ApplyOutcome.Completed, applied.Outcome);
    }

    [Fact]
    public async Task Start_PrivateDependency_IsLoadedFromTheFolder()
    {
        _sandbox.Add("PrivateDependency");
        await _sandbox.StartAsync();
        ApplyResult applied = await _sandbox.Section("contoso.privateDependency").ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Equal(42, Assert.Single(applied.Errors).Code);
    }

    [Fact]
    public async Task Activate_UnsatisfiedImport_FaultsNamingIt()
    {
        _sandbox.Add("UnsatisfiedImport");
        await AssertFaultAsync(
            "UnsatisfiedImport",
            "unsatisfied import: Contoso.UnsatisfiedImportSection needs IServiceProvider, which neither the host nor the plugin exports");
    }

    [Fact]
    public async Task Activate_ConstructorThrows_FaultsAndIsTriedAgainAfterAWait()
    {
        var clock = new FakeTimeProvider();
        _sandbox.Clock = clock;
        _sandbox.Add("ThrowsInConstructor");
        const string Reason = "constructor of Contoso.ThrowsInConstructorSection threw InvalidOperationException: no fan found";
        await AssertFaultAsync("ThrowsInConstructor", Reason);
        await File.WriteAllTextAsync(Path.Combine(_sandbox.Data, "contoso.throwsinconstructor", "mended"), "");

        ISectionOwner owner = _sandbox.Section("contoso.throwsInConstructor");
        SectionError early = Assert.Single((await owner.ApplyAsync(Removed(1), CancellationToken.None)).Errors);
        Assert.Equal($"The plugin 'contoso.throwsinconstructor' is faulted: {Reason} (tried again in 1 s)", early.Message);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ApplyOutcome.Completed, (await owner.ApplyAsync(Removed(1), CancellationToken.None)).Outcome);

        Assert.Equal((PluginState.Active, null), (_sandbox.Status("ThrowsInConstructor").State, _sandbox.Status("ThrowsInConstructor").Reason));
    }

    [Fact]
    public async Task Apply_DependencyGoneSinceDiscovery_FailsThisCallOnly()
    {
        string folder = _sandbox.Add("PrivateDependency");
        await _sandbox.StartAsync();
        File.Delete(Path.Combine(folder, "PrivateLibrary.dll"));
        ApplyResult applied = await _sandbox.Section("contoso.privateDependency").ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Equal(ErrorSubSystem.Unknown, Assert.Single(applied.Errors).SubSystem);
        Assert.Contains(_sandbox.Log.Entries, e => e.Exception is FileNotFoundException missing && missing.FileName!.StartsWith("PrivateLibrary,", StringComparison.Ordinal));
        Assert.Null((await _sandbox.Section("contoso.privateDependency").ReadAsync(CancellationToken.None)).Error);
    }

    [Fact]
    public async Task Activate_AssemblyGoneSinceDiscovery_FaultsInWords()
    {
        string folder = _sandbox.Add("WellBehaved");
        await _sandbox.StartAsync();
        File.WriteAllText(Path.Combine(folder, "WellBehaved.dll"), "overwritten");
        await _sandbox.Section("contoso.wellBehaved").ReadAsync(CancellationToken.None);
        PluginStatus status = _sandbox.Status("WellBehaved");
        Assert.Equal(PluginState.Faulted, status.State);
        Assert.StartsWith("the assembly 'WellBehaved.dll' cannot be loaded: BadImageFormatException: ", status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Activate_EmitsItsSpan()
    {
        var spans = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = source => source.Name == "ModularDM",
            Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllData,
            ActivityStopped = span => spans.Enqueue($"{span.OperationName} {span.GetTagItem("modulardm.plugin.id")}"),
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        _sandbox.Add("ThrowsInRead");
        await _sandbox.StartAsync();
        await _sandbox.Section("contoso.throwsInRead").ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Contains("plugin.activate contoso.throwsinread contoso.throwsinread", spans);
    }

    [Fact]
    public async Task StartupPlugin_StartAndStop_RunsItsBackgroundWorkOverTheContext()
    {
        _sandbox.Add("StartsAtStartup");
        await _sandbox.StartAsync();
        Assert.True(await _sandbox.Messages.Arrived.WaitAsync(s_backstop));
        await _sandbox.StopAsync();
        Assert.Equal(["""{"event":"started"}""", """{"event":"stopped"}"""], _sandbox.Messages.Sent);
        Assert.Equal((PluginState.Stopped, null), (_sandbox.Status("StartsAtStartup").State, _sandbox.Status("StartsAtStartup").Reason));
    }

    [Fact]
    public async Task Stop_PluginThrows_StopsTheOthersAndSaysWhy()
    {
        _sandbox.Add("ThrowsInStop");
        _sandbox.Add("StartsAtStartup");
        await _sandbox.StartAsync();
        Assert.True(await _sandbox.Messages.Arrived.WaitAsync(s_backstop));
        await _sandbox.Section("contoso.throwsInStop").ReadAsync(CancellationToken.None);
        await _sandbox.StopAsync();
        await _sandbox.StopAsync();
        Assert.Equal("StopAsync of Contoso.ThrowsInStopSection threw InvalidOperationException: the valve is stuck", _sandbox.Status("ThrowsInStop").Reason);
        Assert.Equal(2, _sandbox.Messages.Sent.Count);
        ApplyResult late = await _sandbox.Section("contoso.throwsInStop").ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Equal(ErrorCodes.PluginUnavailable, Assert.Single(late.Errors).Code);
    }

    [Fact]
    public async Task Settings_Bad_FaultTheActivationNamingFileAndKey()
    {
        _sandbox.Add("UsesSettings");
        string file = Path.Combine(_sandbox.Settings, "contoso.usessettings.json");
        await File.WriteAllTextAsync(file, """{ "interval": 99, "colour": "red" }""");
        await _sandbox.StartAsync();
        await _sandbox.Section("contoso.usesSettings").ReadAsync(CancellationToken.None);
        string reason = _sandbox.Status("UsesSettings").Reason!;
        Assert.Contains($"Settings file '{file}': ", reason, StringComparison.Ordinal);
        Assert.Contains("interval: ", reason, StringComparison.Ordinal);
        Assert.Contains("colour: unknown member", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_GoodOrAbsent_ReachThePlugin()
    {
        _sandbox.Add("UsesSettings");
        await _sandbox.StartAsync();
        Assert.Equal("""{"interval":5}""", await ReadAsync());
        await _sandbox.EndAsync();
        await File.WriteAllTextAsync(Path.Combine(_sandbox.Settings, "contoso.usessettings.json"), """{ "interval": 9, /* seconds */ }""");
        await _sandbox.StartAsync();
        Assert.Equal("""{"interval":9}""", await ReadAsync());

        async Task<string> ReadAsync() =>
            Encoding.UTF8.GetString((await _sandbox.Section("contoso.usesSettings").ReadAsync(CancellationToken.None)).Report!.Utf8Json.Span);
    }

    [Fact]
    public async Task DataFolder_FirstUse_IsPrivate()
    {
        _sandbox.Add("ThrowsInConstructor");
        await _sandbox.StartAsync();
        await _sandbox.Section("contoso.throwsInConstructor").ReadAsync(CancellationToken.None);
        string folder = Path.Combine(_sandbox.Data, "contoso.throwsinconstructor");
        Assert.True(Directory.Exists(folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder));
        }
    }

    [Fact]
    public async Task DisabledSection_HasNoRouteButKeepsItsPlace()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.DisabledSections.Add("contoso.wellBehaved");
        await _sandbox.StartAsync();
        Assert.Empty(_sandbox.Catalog.Sections);
        Assert.Equal(["contoso.wellBehaved"], _sandbox.Status("WellBehaved").Sections);
        Assert.Equal(["contoso.zoneAsync"], _sandbox.Catalog.Methods.Keys);
    }

    [Fact]
    public async Task RefusedPlugin_IsInStatusAndLog()
    {
        _sandbox.Add("NoExports");
        await _sandbox.StartAsync();
        PluginStatus status = Assert.Single(_sandbox.Catalog.Plugins);
        Assert.Equal((PluginState.Refused, "1.0.0"), (status.State, status.Version));
        Assert.Contains(_sandbox.Log.Entries, e => e.Level == LogLevel.Warning && e.Text.EndsWith(status.Reason!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartStop_TwentyTimes_LeavesNothingBehind()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.Add("StartsAtStartup");
        var catalogs = new List<WeakReference>();
        for (int i = 0; i < 20; i++)
        {
            await CycleAsync();
        }

        for (int i = 0; i < 10 && catalogs.Any(c => c.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        // The newest may still be held by a stack or a thread that is about to end.
        Assert.InRange(catalogs.Count(c => c.IsAlive), 0, 2);
        Assert.Equal(2, AssemblyLoadContext.All.OfType<PluginLoadContext>().Count(c => c.Assemblies.Any(IsOurs)));

        async Task CycleAsync()
        {
            await _sandbox.StartAsync();
            await _sandbox.Section("contoso.wellBehaved").ApplyAsync(Desired("""{"level":1}"""), CancellationToken.None);
            Assert.True(await _sandbox.Messages.Arrived.WaitAsync(s_backstop));
            catalogs.Add(new WeakReference(_sandbox.Catalog));
            await _sandbox.EndAsync();
            Assert.True(await _sandbox.Messages.Arrived.WaitAsync(s_backstop));
        }
    }

    private static IEnumerable<System.Reflection.Assembly> LoadedAssemblies() => AssemblyLoadContext.All.SelectMany(c => c.Assemblies);

    private bool IsOurs(System.Reflection.Assembly assembly) => !assembly.IsDynamic && assembly.Location.StartsWith(_sandbox.Root, StringComparison.Ordinal);

    private async Task AssertFaultAsync(string name, string reason)
    {
        await _sandbox.StartAsync();
        ISectionOwner owner = _sandbox.Section($"contoso.{char.ToLowerInvariant(name[0])}{name[1..]}");
        SectionError error = Assert.Single((await owner.ApplyAsync(Removed(1), CancellationToken.None)).Errors);
        Assert.Equal((PluginState.Faulted, reason), (_sandbox.Status(name).State, _sandbox.Status(name).Reason));
        Assert.Equal((ErrorCodes.PluginUnavailable, $"The plugin 'contoso.{name.ToLowerInvariant()}' is faulted: {reason}"), (error.Code, error.Message));
    }

    private static SectionDesired Desired(string json) =>
        new(new SectionName("contoso", "wellBehaved"), JsonDocument.Parse(json).RootElement.Clone(), 1, [], false);

    private static SectionDesired Removed(long version) => new(new SectionName("contoso", "any"), default, version, [], true);
}
