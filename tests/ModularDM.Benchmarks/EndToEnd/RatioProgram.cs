using System.Globalization;
using System.Text.Json;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>
/// What the device host adds to a bare MQTT client: both are devices of one local hub, reached by one REST client, taking turns. A method is timed from request to
/// response. A twin patch is timed from before the PATCH to the moment at which the hub took the report: the hub's own <c>$lastUpdated</c> of the reported member,
/// read afterwards, so that nobody has to ask in a circle while the devices work. All processes share this machine's clock.
/// </summary>
internal static class RatioProgram
{
    private const string Method = "contoso.echo";
    private const string Payload = """{"text":"The quick brown fox jumps over the lazy dog."}""";

    // A device runs for months. With a quarter of this, a profile of the rounds still showed nearly half of the host's CPU in the just-in-time compiler.
    private const int WarmUp = 6000;
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(3);

    public static async Task<int> RunAsync(string[] args)
    {
        string program = args is ["--host", var given, ..] ? given : HostDevice.DefaultProgram;
        int rounds = args is [.., "--rounds", var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 12;
        string folder = Directory.CreateTempSubdirectory("mdm-ratio-").FullName;
        try
        {
            await using LocalHubProcess hub = await LocalHubProcess.StartAsync(Path.Combine(folder, "hub"), "host", "bare");
            using var service = new HubService(hub);
            await using ChildProcess bare = ChildProcess.StartSelf(BareDevice.Command, hub.ConnectionString("bare"), hub.CaFile);
            await bare.LineAsync(line => line == BareDevice.Ready);
            await using ChildProcess host = await HostDevice.StartAsync(program, Directory.CreateDirectory(Path.Combine(folder, "host")).FullName, hub, "host");
            await host.LineAsync(line => line.Contains("Desired version", StringComparison.Ordinal));
            Device[] devices = [new("host", service, host), new("bare", service, bare)];
            foreach (Device device in devices)
            {
                await device.MethodsAsync(WarmUp, new Spread());
                await device.PatchesAsync(WarmUp / 3, new Spread());
            }

            for (int round = 0; round < rounds; round++)
            {
                foreach (Device device in round % 2 == 0 ? devices : devices.Reverse())
                {
                    await Task.Delay(s_settle, TimeProvider.System, CancellationToken.None);
                    await device.RoundAsync();
                }
            }

            Console.WriteLine($"{program}, {rounds} rounds, load average {await LoadAsync()}");
            Print("method, REST request to response", devices[0].Methods, devices[1].Methods, devices[0].MethodMedians, devices[1].MethodMedians);
            Print("twin PATCH to reported", devices[0].Patches, devices[1].Patches, devices[0].PatchMedians, devices[1].PatchMedians);
            Console.WriteLine($"CPU in all rounds: host {devices[0].Cpu.TotalMilliseconds:0} ms, bare {devices[1].Cpu.TotalMilliseconds:0} ms");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static async Task<string> LoadAsync() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ').Take(3)) : "unknown";

    private static void Print(string what, Spread host, Spread bare, List<double> hostMedians, List<double> bareMedians)
    {
        double[] ratios = [.. hostMedians.Zip(bareMedians, (h, b) => h / b).Order()];
        Console.WriteLine($"{what} ({host.Count} each)");
        Console.WriteLine($"  ms     p50    p95    min");
        Console.WriteLine($"  host {Spread.Text(host.Median)}  {Spread.Text(host.P95)}  {Spread.Text(host.Min)}");
        Console.WriteLine($"  bare {Spread.Text(bare.Median)}  {Spread.Text(bare.P95)}  {Spread.Text(bare.Min)}");
        Console.WriteLine(
            $"  ratio {Spread.Text(host.Median / bare.Median, "0.00")} of p50, {Spread.Text(host.P95 / bare.P95, "0.00")} of p95, {Spread.Text(host.Min / bare.Min, "0.00")} of min; by round: "
            + $"median {Spread.Text(ratios[ratios.Length / 2], "0.00")}, {Spread.Text(ratios[0], "0.00")} to {Spread.Text(ratios[^1], "0.00")}");
    }

    private sealed class Device(string id, HubService service, ChildProcess process)
    {
        private const int CallsPerRound = 200, PatchesPerRound = 60;
        private long _value;

        public Spread Methods { get; } = new();

        public Spread Patches { get; } = new();

        public List<double> MethodMedians { get; } = [];

        public List<double> PatchMedians { get; } = [];

        public TimeSpan Cpu { get; private set; }

        public async Task RoundAsync()
        {
            TimeSpan before = process.Cpu;
            Spread methods = new(), patches = new();
            await MethodsAsync(CallsPerRound, methods);
            await PatchesAsync(PatchesPerRound, patches);
            Methods.Add(methods);
            Patches.Add(patches);
            MethodMedians.Add(methods.Median);
            PatchMedians.Add(patches.Median);
            Cpu += process.Cpu - before;
        }

        public async Task MethodsAsync(int calls, Spread round)
        {
            for (int i = 0; i < calls; i++)
            {
                long began = TimeProvider.System.GetTimestamp();
                byte[] answer = await service.InvokeAsync(id, Method, Payload);
                double elapsed = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
                if (!answer.AsSpan().SequenceEqual(System.Text.Encoding.UTF8.GetBytes($$"""{"status":200,"payload":{{Payload}}}""")))
                {
                    throw new InvalidOperationException($"{id} answered {System.Text.Encoding.UTF8.GetString(answer)}");
                }

                round.Add(elapsed);
            }
        }

        public async Task PatchesAsync(int count, Spread round)
        {
            for (int i = 0; i < count; i++)
            {
                long value = ++_value;
                DateTimeOffset began = TimeProvider.System.GetUtcNow();
                await service.PatchDesiredAsync(id, $"{{\"contoso\":{{\"echo\":{{\"value\":{value}}}}}}}");
                double elapsed = (await ReportedAtAsync(value) - began).TotalMilliseconds;
                round.Add(elapsed);
            }
        }

        private async Task<DateTimeOffset> ReportedAtAsync(long value)
        {
            for (int looks = 0; looks < 10_000; looks++)
            {
                await Task.Delay(s_look, TimeProvider.System, CancellationToken.None);
                JsonElement reported = (await service.GetTwinAsync(id)).GetProperty("properties").GetProperty("reported");
                if (Member(reported) is { ValueKind: JsonValueKind.Number } now && now.GetInt64() == value)
                {
                    return Member(reported.GetProperty("$metadata")).GetProperty("$lastUpdated").GetDateTimeOffset();
                }
            }

            throw new TimeoutException($"{id} did not report {value}.");
        }

        private static JsonElement Member(JsonElement json) =>
            json.TryGetProperty("contoso", out JsonElement vendor) && vendor.TryGetProperty("echo", out JsonElement section) && section.TryGetProperty("value", out JsonElement value)
                ? value
                : default;
    }
}
