using System.Diagnostics;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModularDM.Benchmarks.EndToEnd;
using ModularDM.Contracts.Methods;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Telemetry;

namespace ModularDM.Benchmarks.Micro;

/// <summary>
/// One direct method from the router's door and back, with spans wanted and not: a bare delegate; an owner in memory, which is all of the router's own work; and the
/// echo plugin, which adds the change to a thread of the plugin's, the lease, the limits and the plugin's JSON.
/// </summary>
[MemoryDiagnoser]
#pragma warning disable CA1001 // BenchmarkDotNet ends a benchmark by its GlobalCleanup.
public class DispatchBenchmarks
#pragma warning restore CA1001
{
    private static readonly byte[] s_payload = """{"text":"The quick brown fox jumps over the lazy dog."}"""u8.ToArray();
    private static readonly MethodResult s_answer = MethodResult.Answer(200, s_payload);
    private readonly string _folder = Directory.CreateTempSubdirectory("mdm-bench-").FullName;
    private readonly HubMethodRequest _memory = new("contoso.memory", s_payload), _plugin = new("contoso.echo", s_payload);
    private readonly Func<MethodCall, CancellationToken, Task<MethodResult>> _delegate = (_, _) => Task.FromResult(s_answer);
    private readonly MethodCall _call = new("contoso.memory", default);
    private ServiceProvider _services = null!;
    private MethodRouter _router = null!;
    private ActivityListener? _listener;

    [Params(false, true)]
    public bool Spans { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        if (Spans)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == HostTelemetry.Name,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        string plugins = Path.Combine(_folder, "plugins");
        HostDevice.CopyPlugin("tests/ModularDM.Benchmarks/EchoPlugin", plugins);
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Plugins:CoreFolder"] = Path.Combine(_folder, "none"), ["Plugins:Folders:0"] = plugins, ["Plugins:DataFolder"] = Path.Combine(_folder, "data"),
            ["Plugins:SettingsFolder"] = Path.Combine(_folder, "settings"), ["Runtime:DataFolder"] = _folder, ["Telemetry:FlightRecorder:Enabled"] = "false",
        }).Build();
        _services = new ServiceCollection().AddSingleton(configuration).AddLogging().AddModularDM().BuildServiceProvider();
        _services.GetRequiredService<PluginCatalog>().Load();
        MethodTable methods = _services.GetRequiredService<MethodTable>();
        methods.TryAdd(new MemoryOwner());
        _router = _services.GetRequiredService<MethodRouter>();
        HubMethodResponse first = await _router.InvokeAsync(_plugin, CancellationToken.None);
        if (!first.Payload.Span.SequenceEqual(s_payload))
        {
            throw new InvalidOperationException($"The echo answered {first.Status}.");
        }
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _listener?.Dispose();
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public async Task<int> Delegate() => (await _delegate(_call, CancellationToken.None)).Status;

    [Benchmark]
    public async Task<int> Router() => (await _router.InvokeAsync(_memory, CancellationToken.None)).Status;

    [Benchmark]
    public async Task<int> RouterAndPlugin() => (await _router.InvokeAsync(_plugin, CancellationToken.None)).Status;

    private sealed class MemoryOwner : IMethodOwner
    {
        public string Name => "contoso.memory";

        public string PluginId => "contoso.memory";

        public Contracts.Twin.SectionName? Reports => null;

        public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken) => Task.FromResult(s_answer);

        public Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken) => work(cancellationToken);
    }
}
