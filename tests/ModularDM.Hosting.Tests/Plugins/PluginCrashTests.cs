using System.Diagnostics;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Plugins.Activation;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginCrashTests : IAsyncDisposable
{
    private readonly PluginSandbox _sandbox = new();

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public async Task Start_AfterThreeDeathsInAPlugin_QuarantinesItForThatStart()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.Add("ThrowsInRead");
        string marker = Path.Combine(_sandbox.Data, ".running");
        for (int death = 1; death <= 3; death++)
        {
            await _sandbox.StartAsync();
            Assert.Equal(PluginState.Discovered, _sandbox.Status("WellBehaved").State);
            await _sandbox.Drop();
            // The process dies in the plugin: entered and never left.
            using CrashMarker dying = CrashMarker.Open(marker, ["contoso.throwsinread", "contoso.wellbehaved"]);
            Assert.Equal(death - 1, dying.SlotOf("contoso.wellbehaved").Deaths);
            dying.SlotOf("contoso.wellbehaved").Enter("apply");
        }

        await _sandbox.StartAsync();
        Assert.Equal(
            (PluginState.Quarantined, "the process died 3 times while this plugin was running"),
            (_sandbox.Status("WellBehaved").State, _sandbox.Status("WellBehaved").Reason));
        Assert.Equal(PluginState.Discovered, _sandbox.Status("ThrowsInRead").State);
        Assert.NotEmpty((await _sandbox.Section("contoso.wellBehaved").ApplyAsync(new(default, default, 1, [], true), CancellationToken.None)).Errors);

        // Not even stopped in order.
        await _sandbox.Drop();
        await _sandbox.StartAsync();
        Assert.Equal(PluginState.Discovered, _sandbox.Status("WellBehaved").State);
    }

    [Fact]
    public async Task Call_InProgress_IsMarkedAndThenNot()
    {
        string path = Path.Combine(_sandbox.Data, "marker");
        using (CrashMarker marker = CrashMarker.Open(path, ["contoso.a", "contoso.b"]))
        {
            marker.SlotOf("contoso.a").Enter("apply");
            marker.SlotOf("contoso.b").Enter("apply");
            marker.SlotOf("contoso.b").Leave("apply");
        }

        using CrashMarker next = CrashMarker.Open(path, ["contoso.b", "contoso.a", "contoso.new"]);
        Assert.Equal([1, 0, 0], new[] { "contoso.a", "contoso.b", "contoso.new" }.Select(id => next.SlotOf(id).Deaths));
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("apply", "apply", 2)]
    [InlineData("apply", "read", 1)]
    public void Deaths_InARow_CountInTheSameCallAlone(string first, string second, int expected)
    {
        string path = Path.Combine(_sandbox.Data, "marker");
        foreach (string call in new[] { first, second })
        {
            using CrashMarker dying = CrashMarker.Open(path, ["contoso.a"]);
            dying.SlotOf("contoso.a").Enter(call);
        }

        using CrashMarker next = CrashMarker.Open(path, ["contoso.a"]);
        Assert.Equal(expected, next.SlotOf("contoso.a").Deaths);
    }

    [Fact]
    public void Death_InACallThatThenEndsWell_IsForgottenAndOthersAreNot()
    {
        string path = Path.Combine(_sandbox.Data, "marker");
        using (CrashMarker dying = CrashMarker.Open(path, ["contoso.a"]))
        {
            dying.SlotOf("contoso.a").Enter("apply");
        }

        using (CrashMarker living = CrashMarker.Open(path, ["contoso.a"]))
        {
            living.SlotOf("contoso.a").Enter("construction");
            living.SlotOf("contoso.a").Leave("construction");
        }

        using (CrashMarker living = CrashMarker.Open(path, ["contoso.a"]))
        {
            Assert.Equal(1, living.SlotOf("contoso.a").Deaths);
            living.SlotOf("contoso.a").Enter("apply");
            living.SlotOf("contoso.a").Leave("apply");
        }

        using CrashMarker next = CrashMarker.Open(path, ["contoso.a"]);
        Assert.Equal(0, next.SlotOf("contoso.a").Deaths);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2, 3 })]
    public void Open_DamagedFile_BeginsAnew(byte[] content)
    {
        string path = Path.Combine(_sandbox.Data, "marker");
        File.WriteAllBytes(path, content);
        using CrashMarker marker = CrashMarker.Open(path, ["contoso.a"]);
        Assert.Equal(0, marker.SlotOf("contoso.a").Deaths);
    }

    [Fact]
    public void Slot_AfterClose_IsHarmless()
    {
        CrashMarker marker = CrashMarker.Open(Path.Combine(_sandbox.Data, "marker"), ["contoso.a"]);
        CrashMarker.Slot slot = marker.SlotOf("contoso.a");
        marker.Dispose();
        slot.Enter("apply");
        slot.Leave("apply");
    }

    [Theory]
    [InlineData("async-void", "thrown from async void")]
    [InlineData("thread", "thrown on a thread")]
    public async Task Unhandled_FromAPlugin_QuarantinesItAndTheProcessLives(string scenario, string message)
    {
        (int exitCode, string output, string error) = await RunAsync(scenario);
        Assert.True(exitCode == 0, error);
        Assert.Equal(
            [$"an exception escaped on a thread of its own (async void, or a thread): InvalidOperationException: {message}", "other plugin unharmed"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public async Task Unhandled_FromTheApplication_EndsTheProcessAsEver()
    {
        (int exitCode, _, string error) = await RunAsync("own");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("the application's own", error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string scenario)
    {
        string plugins = Path.Combine(AppContext.BaseDirectory, "TestPlugins");
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList = { Path.Combine(plugins, "contoso.unhandledconsole", "UnhandledConsole.dll"), scenario, plugins },
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["DOTNET_DbgEnableMiniDump"] = "0" },
        };
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
