using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModularDM.Benchmarks.EndToEnd;

namespace ModularDM.Benchmarks.StartUp;

/// <summary>
/// What plugins that nobody uses yet cost a host that starts: its own log line of how long discovery took, in a fresh process each time, with 0, 1, 25 and 200
/// plugins. Also the CPU time of the process up to that line, which the rest of the machine disturbs less.
/// </summary>
internal static partial class DiscoveryProgram
{
    private static readonly int[] s_counts = [0, 1, 25, 200];

    public static async Task<int> RunAsync(string[] args)
    {
        string program = args is ["--host", var given, ..] ? given : HostDevice.DefaultProgram;
        int rounds = args is [.., "--rounds", var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 9;
        string folder = Directory.CreateTempSubdirectory("mdm-discovery-").FullName;
        try
        {
            Dictionary<int, (Spread Discovery, Spread Cpu)> results = s_counts.ToDictionary(n => n, _ => (new Spread(), new Spread()));
            foreach (int n in s_counts)
            {
                LayOut(folder, n);
                await MeasureAsync(program, folder, n);
            }

            for (int round = 0; round < rounds; round++)
            {
                foreach (int n in s_counts)
                {
                    (double discovery, double cpu) = await MeasureAsync(program, folder, n);
                    results[n].Discovery.Add(discovery);
                    results[n].Cpu.Add(cpu);
                }
            }

            Console.WriteLine($"{program}, {rounds} rounds, load average {await RatioProgram.LoadAsync()}");
            Console.WriteLine("plugins  discovery ms: median    min    over none: median    min    CPU of the process till then, ms: median    min");
            (Spread none, _) = results[0];
            foreach ((int n, (Spread discovery, Spread cpu)) in results)
            {
                Console.WriteLine(
                    $"{n,7}  {Spread.Text(discovery.Median, "0.0"),21}  {Spread.Text(discovery.Min, "0.0"),5}  {Spread.Text(discovery.Median - none.Median, "0.0"),18}"
                    + $"  {Spread.Text(discovery.Min - none.Min, "0.0"),5}  {Spread.Text(cpu.Median, "0"),43}  {Spread.Text(cpu.Min, "0"),5}");
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Discovery, double Cpu)> MeasureAsync(string program, string folder, int n)
    {
        await using ChildProcess host = ChildProcess.Start(program, ["--config", Path.Combine(folder, $"{n}.json")]);
        string line = await host.LineAsync(line => DiscoveryLine().IsMatch(line));
        Match match = DiscoveryLine().Match(line);
        return match.Groups[1].Value == n.ToString(CultureInfo.InvariantCulture) && match.Groups[2].Value == "0"
            ? (double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture), host.Cpu.TotalMilliseconds)
            : throw new InvalidOperationException($"Expected {n} plugins: {line}");
    }

    private static void LayOut(string folder, int n)
    {
        string root = Directory.CreateDirectory(Path.Combine(folder, $"{n}")).FullName, core = Path.Combine(root, "core");
        string built = ChildProcess.Output("plugins/ModularDM.Plugins.Time"), assembly = "ModularDM.Plugins.Time.dll";
        byte[] code = File.ReadAllBytes(Path.Combine(built, assembly));
        for (int i = 0; i < n; i++)
        {
            string id = $"modulardm.copy{i:000}", target = Directory.CreateDirectory(Path.Combine(core, id)).FullName;
            JsonNode manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(built, "plugin.json")))!;
            manifest["id"] = id;
            File.WriteAllText(Path.Combine(target, "plugin.json"), manifest.ToJsonString());
            File.WriteAllBytes(Path.Combine(target, assembly), Renamed(Renamed(code, "timeInfo", $"time{i:0000}"), "timeService", $"service{i:0000}"));
            foreach (string file in Directory.GetFiles(built, "*.deps.json"))
            {
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }
        }

        File.WriteAllText(Path.Combine(folder, $"{n}.json"), new JsonObject
        {
            // Nobody listens there: discovery is over before the hub is asked for.
            ["Hub"] = new JsonObject { ["ConnectionString"] = "HostName=localhost;DeviceId=none;SharedAccessKey=bm9uZQ==;GatewayHostName=127.0.0.1:1" },
            ["Runtime"] = new JsonObject { ["DataFolder"] = Path.Combine(root, "state") },
            ["Plugins"] = HostDevice.Plugins(root, core),
            ["Configurator"] = new JsonObject { ["Endpoint"] = Path.Combine(root, "nobody.sock") },
            ["Telemetry"] = new JsonObject { ["FlightRecorder"] = new JsonObject { ["Folder"] = Path.Combine(root, "traces") } },
        }.ToJsonString());
    }

    // The name of a section stands in its attribute as UTF-8 behind its length, so a name of the same length fits in its place: one real plugin becomes many.
    private static byte[] Renamed(byte[] code, string name, string newName)
    {
        byte[] old = [(byte)name.Length, .. Encoding.UTF8.GetBytes(name)], now = [(byte)newName.Length, .. Encoding.UTF8.GetBytes(newName)];
        byte[] copy = [.. code];
        int found = 0;
        for (int at = copy.AsSpan().IndexOf(old); at >= 0; at = copy.AsSpan().IndexOf(old), found++)
        {
            now.CopyTo(copy, at);
        }

        return found > 0 && now.Length == old.Length ? copy : throw new InvalidOperationException($"'{name}' is not in the plugin's attributes, or '{newName}' is not as long.");
    }

    [GeneratedRegex(@"(\d+) plugins accepted and (\d+) refused in ([\d.]+) ms")]
    private static partial Regex DiscoveryLine();
}
