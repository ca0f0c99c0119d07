using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ModularDM.Benchmarks.EndToEnd;
using ModularDM.Hub.Protocol;

namespace ModularDM.Benchmarks.Hub;

/// <summary>
/// What the local hub bears: method round trips against <see cref="PeerHub"/> in turns, twin patches and queries by REST, a fleet of idle devices, and the
/// start of an empty hub. The hub and the peer are processes of their own; devices and services are in this one.
/// </summary>
internal static class HubProgram
{
    private const string Payload = """{"text":"The quick brown fox jumps over the lazy dog."}""";
    private const string Version = "?api-version=2021-04-12";

    public static async Task<int> RunAsync(string[] args)
    {
        int rounds = Number(args, "--rounds", 6), fleet = Number(args, "--fleet", 10_000);
        string folder = Directory.CreateTempSubdirectory("mdm-hub-bench-").FullName;
        try
        {
            Console.WriteLine($"load average {await RatioProgram.LoadAsync()}");
            await StartAsync(folder);
            await MethodsAsync(folder, rounds);
            await FleetAsync(folder, fleet);
            Console.WriteLine($"load average {await RatioProgram.LoadAsync()}");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Number(string[] args, string name, int standard) =>
        Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : standard;

    private static async Task StartAsync(string folder)
    {
        var starts = new Spread();
        for (int i = 0; i < 5; i++)
        {
            long began = TimeProvider.System.GetTimestamp();
            await using LocalHubProcess hub = await LocalHubProcess.StartAsync(Path.Combine(folder, $"start-{i}"));
            starts.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        Console.WriteLine($"start of an empty hub, process to READY: median {Spread.Text(starts.Median, "0")} ms, least {Spread.Text(starts.Min, "0")} ms (5)");
    }

    private static async Task MethodsAsync(string folder, int rounds)
    {
        string[] ids = [.. Enumerable.Range(0, 32).Select(i => $"device-{i}")];
        string peerCa = Path.Combine(folder, "peer.pem");
        await using LocalHubProcess hub = await LocalHubProcess.StartAsync(Path.Combine(folder, "hub"), ids);
        await using ChildProcess peer = ChildProcess.StartSelf(PeerHub.Command, peerCa);
        string[] ports = (await peer.LineAsync(line => line.StartsWith(PeerHub.Ready, StringComparison.Ordinal)))[PeerHub.Ready.Length..].Split(' ');

        using var hubDevices = new EchoFleet();
        HubEndpoint mqtt = HubConnectionString.Parse(hub.ConnectionString(ids[0])).GetMqttEndpoint();
        await hubDevices.ConnectAsync(mqtt.Host, mqtt.Port, hub.CaFile, [.. ids.Select(id => (id, HubConnectionString.Parse(hub.ConnectionString(id)).SharedAccessKey!))], 4);
        using var peerDevices = new EchoFleet();
        await peerDevices.ConnectAsync("localhost", int.Parse(ports[0], CultureInfo.InvariantCulture), peerCa, [.. ids.Select(id => (id, ""))], 4);

        using HttpClient hubService = HubClient.Create(hub);
        using HttpClient peerService = HubClient.Create($"https://localhost:{ports[1]}", peerCa);
        foreach ((int devices, int calls) in ((int, int)[])[(1, 1500), (32, 6000)])
        {
            Spread hubRates = new(), peerRates = new(), ratios = new();
            await CallsAsync(hubService, ids[..devices], calls);
            await CallsAsync(peerService, ids[..devices], calls);
            for (int round = 0; round < rounds; round++)
            {
                double h, p;
                if (round % 2 == 0)
                {
                    h = await CallsAsync(hubService, ids[..devices], calls);
                    p = await CallsAsync(peerService, ids[..devices], calls);
                }
                else
                {
                    p = await CallsAsync(peerService, ids[..devices], calls);
                    h = await CallsAsync(hubService, ids[..devices], calls);
                }

                hubRates.Add(h);
                peerRates.Add(p);
                ratios.Add(h / p);
            }

            Console.WriteLine(
                $"methods, {devices} devices with one call each in flight: hub {Spread.Text(hubRates.Median, "0")}/s, peer {Spread.Text(peerRates.Median, "0")}/s, "
                + $"ratio {Spread.Text(ratios.Median, "0.00")} (median of {rounds}; {Spread.Text(ratios.Min, "0.00")} to {Spread.Text(ratios.At(1), "0.00")})");
        }
    }

    // Calls per second.
    private static async Task<double> CallsAsync(HttpClient service, string[] ids, int calls)
    {
        byte[] body = Encoding.UTF8.GetBytes($$"""{"methodName":"contoso.echo","responseTimeoutInSeconds":30,"payload":{{Payload}}}""");
        byte[] wanted = Encoding.UTF8.GetBytes($$"""{"status":200,"payload":{{Payload}}}""");
        long began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(ids.Select(async id =>
        {
            for (int i = 0; i < calls / ids.Length; i++)
            {
                byte[] answer = await HubClient.SendAsync(service, HttpMethod.Post, $"/twins/{id}/methods{Version}", body);
                if (!answer.AsSpan().SequenceEqual(wanted))
                {
                    throw new InvalidOperationException($"{id} answered {Encoding.UTF8.GetString(answer)}");
                }
            }
        }));
        return calls / ids.Length * ids.Length / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task FleetAsync(string folder, int count)
    {
        await using LocalHubProcess hub = await LocalHubProcess.StartAsync(Path.Combine(folder, "fleet"));
        using HttpClient service = HubClient.Create(hub);
        string[] ids = [.. Enumerable.Range(0, count).Select(i => $"device-{i:00000}")];
        var devices = new (string Id, string Key)[count];
        double took = await TimeAsync(async () => await Each(count, 32, async i =>
        {
            using JsonDocument made = JsonDocument.Parse(await HubClient.SendAsync(service, HttpMethod.Put, $"/devices/{ids[i]}{Version}", "{}"u8.ToArray()));
            devices[i] = (ids[i], made.RootElement.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("primaryKey").GetString()!);
        }));
        Console.WriteLine($"{count} devices created by REST: {Spread.Text(count / took, "0")}/s");
        took = await TimeAsync(async () => await Each(count, 32, async i =>
        {
            byte[] patch = JsonSerializer.SerializeToUtf8Bytes(new
            {
                tags = new { site = $"{i % 50}" },
                properties = new { desired = new { contoso = new { thermometer = new { intervalSeconds = i % 600, limit = new { high = 80, low = -20 } } } } },
            });
            await HubClient.SendAsync(service, HttpMethod.Patch, $"/twins/{ids[i]}{Version}", patch);
        }));
        Console.WriteLine($"twin PATCH by REST, 32 at a time: {Spread.Text(count / took, "0")}/s");

        await QueryAsync(service, "SELECT * FROM devices WHERE properties.desired.contoso.thermometer.intervalSeconds = 7 AND tags.site = '7'");
        await QueryAsync(service, "SELECT deviceId FROM devices WHERE properties.desired.contoso.thermometer.intervalSeconds > 595");
        await QueryAsync(service, "SELECT COUNT() AS n FROM devices WHERE tags.site = '3'");

        using var fleet = new EchoFleet();
        HubEndpoint mqtt = HubClient.MqttEndpoint(hub);
        took = await TimeAsync(() => fleet.ConnectAsync(mqtt.Host, mqtt.Port, hub.CaFile, devices, 32));
        Console.WriteLine($"{fleet.Count} devices connected over TLS and subscribed: {Spread.Text(count / took, "0")}/s");
        byte[] call = Encoding.UTF8.GetBytes($$"""{"methodName":"contoso.echo","responseTimeoutInSeconds":30,"payload":{{Payload}}}""");
        took = await TimeAsync(() => Each(count, 32, async i => await HubClient.SendAsync(service, HttpMethod.Post, $"/twins/{ids[i]}/methods{Version}", call)));
        Console.WriteLine($"each answered a method: {Spread.Text(count / took, "0")}/s; the hub's resident memory then: {hub.ResidentMegabytes} MB, most {hub.PeakMegabytes} MB");
    }

    private static async Task QueryAsync(HttpClient service, string query)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["query"] = query });
        var times = new Spread();
        int length = 0;
        for (int i = 0; i < 15; i++)
        {
            long began = TimeProvider.System.GetTimestamp();
            length = (await HubClient.SendAsync(service, HttpMethod.Post, $"/devices/query{Version}", body)).Length;
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        Console.WriteLine($"{query}: median {Spread.Text(times.Median, "0.0")} ms, most {Spread.Text(times.At(1), "0.0")} ms, {length} bytes");
    }

    private static Task Each(int count, int parallel, Func<int, Task> action) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (i, _) => await action(i));

    private static async Task<double> TimeAsync(Func<Task> action)
    {
        long began = TimeProvider.System.GetTimestamp();
        await action();
        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }
}
