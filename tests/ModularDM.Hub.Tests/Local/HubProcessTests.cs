using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ModularDM.Hub.Local;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>The hub as the program that people start, killed without warning.</summary>
public sealed class HubProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Kill_AfterAcknowledgements_LosesNothing()
    {
        string deviceConnection;
        long version = 0;
        int messages = 0;
        int tags = 0;
        using (HubRun run = await HubRun.StartAsync(folder))
        {
            deviceConnection = run.DeviceConnectionString;
            using var service = new ServiceClient(run.ServiceConnectionString, run.CaFile, TimeProvider.System);
            await using var device = new RawDevice(deviceConnection, run.CaFile, TimeProvider.System);
            await device.ConnectAsync();
            await device.SubscribeAsync(MqttTopics.TwinResponseFilter);

            // Three kinds of writers at once; each counts what was acknowledged, and the kill comes in the middle.
            TaskCompletionSource[] started = [new(), new(), new()];
            Task reporting = UntilBrokenAsync(started[0], async i =>
            {
                Assert.True(MqttTopics.TryParseTwinResponse((await device.RequestAsync(MqttTopics.ReportedPatch("r"), $$"""{"n":{{i}}}""")).Topic, out _, out _, out long? v));
                version = v!.Value;
            });
            Task tagging = UntilBrokenAsync(started[1], async i => tags = (await service.SendAsync("PATCH", "/twins/d1", $$$"""{"tags":{"n":{{{i}}}}}""")).Status == 200 ? i : tags);
            await using var sender = new RawDevice(run.SecondDeviceConnectionString, run.CaFile, TimeProvider.System);
            await sender.ConnectAsync();
            Task sending = UntilBrokenAsync(started[2], async i =>
            {
                await sender.PublishAsync(MqttTopics.Telemetry(sender.Id), i.ToString(CultureInfo.InvariantCulture), MqttQualityOfServiceLevel.AtLeastOnce);
                messages = i;
            });

            await Task.WhenAll(started.Select(s => s.Task)).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
            run.Kill();
            await Task.WhenAll(reporting, tagging, sending).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        }

        Assert.True(version > 1 && tags > 0 && messages > 0, $"Nothing was acknowledged: {version}, {tags}, {messages}.");
        using (HubRun run = await HubRun.StartAsync(folder))
        {
            using var service = new ServiceClient(run.ServiceConnectionString, run.CaFile, TimeProvider.System);
            JsonElement twin = (await service.SendAsync("GET", "/twins/d1")).Json;
            JsonElement reported = twin.GetProperty("properties").GetProperty("reported");
            Assert.InRange(reported.GetProperty("$version").GetInt64(), version, version + 1);
            Assert.InRange(reported.GetProperty("n").GetInt64(), version - 1, version);
            Assert.InRange(twin.GetProperty("tags").GetProperty("n").GetInt32(), tags, tags + 1);
            JsonElement last = (await service.SendAsync("GET", $"/modulardm/devices/d2/messages?after={messages - 1}")).Json;
            Assert.Equal(messages, last[0].GetProperty("body").GetInt32());
            Assert.Equal(HubConnectionString.Parse(deviceConnection).SharedAccessKey, HubConnectionString.Parse(run.DeviceConnectionString).SharedAccessKey);
        }
    }

    [Fact]
    public async Task Start_SecondTime_PrintsNoKeysToThePerson()
    {
        using (HubRun first = await HubRun.StartAsync(folder))
        {
            Assert.Contains("Service (iothubowner): HostName=localhost;", first.Text, StringComparison.Ordinal);
            Assert.Equal(first.Json, await File.ReadAllTextAsync(Path.Combine(folder, "ready.json")));
            Assert.Equal(0, await first.StopAsync());
        }

        using HubRun second = await HubRun.StartAsync(folder);
        Assert.DoesNotContain("SharedAccessKey", second.Text, StringComparison.Ordinal);
        Assert.Equal(0, await second.StopAsync());
    }

    [Fact]
    public async Task Start_WithProvisioning_SaysWhereItIs()
    {
        using HubRun run = await HubRun.StartAsync(folder, "--dps-port", "0", "--id-scope", "0ne12345678");
        using JsonDocument ready = JsonDocument.Parse(run.Json);
        int port = ready.RootElement.GetProperty("dpsPort").GetInt32();
        Assert.Equal("0ne12345678", ready.RootElement.GetProperty("idScope").GetString());
        Assert.Contains($"mqtts://127.0.0.1:{port}, id scope 0ne12345678", run.Text, StringComparison.Ordinal);
        using var enrollments = new ServiceClient(ready.RootElement.GetProperty("provisioningConnectionString").GetString()!, run.CaFile, TimeProvider.System);
        Assert.Equal(404, (await enrollments.SendAsync("GET", "/enrollments/any")).Status);
        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", port, run.CaFile);
        Assert.Equal([0x20, 2, 0, 5], await link.ConnectAsync("any", "0ne12345678/registrations/any/api-version=2019-03-31", "x", clean: true));
    }

    [Fact]
    public async Task Start_PortTaken_SaysSo()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        LocalHubStartException refused = await Assert.ThrowsAsync<LocalHubStartException>(
            () => LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = port, DataFolder = Path.Combine(folder, "hub") }));
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.Contains("--https-port", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DataInUse_SaysSo()
    {
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder, "hub") };
        await using LocalHub first = await LocalHub.StartAsync(options);
        LocalHubStartException refused = await Assert.ThrowsAsync<LocalHubStartException>(() => LocalHub.StartAsync(options));
        Assert.Contains("another hub", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Again_KeepsTheAuthority()
    {
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = Path.Combine(folder, "hub") };
        await using (LocalHub first = await LocalHub.StartAsync(options))
        {
            Assert.True(first.FirstStart);
        }

        string before = await File.ReadAllTextAsync(Path.Combine(folder, "hub", "ca.pem"));
        await using LocalHub second = await LocalHub.StartAsync(options);
        Assert.False(second.FirstStart);
        Assert.Equal(before, await File.ReadAllTextAsync(second.CaFile));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "hub", "ca.key")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "hub", "hub.db")));
        }
    }

    private static async Task UntilBrokenAsync(TaskCompletionSource started, Func<int, Task> write)
    {
        try
        {
            for (int i = 1; ; i++)
            {
                await write(i).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
                if (i == 20)
                {
                    started.TrySetResult();
                }
            }
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            // The hub was killed: that ends the writing, however the client calls it.
        }
    }

    private sealed class HubRun : IDisposable
    {
        private readonly Process process;

        private HubRun(Process process, string text, string json)
        {
            this.process = process;
            Text = text;
            Json = json;
            using JsonDocument ready = JsonDocument.Parse(json);
            CaFile = ready.RootElement.GetProperty("caFile").GetString()!;
            ServiceConnectionString = ready.RootElement.GetProperty("serviceConnectionString").GetString()!;
            JsonElement devices = ready.RootElement.GetProperty("devices");
            DeviceConnectionString = devices[0].GetProperty("connectionString").GetString()!;
            SecondDeviceConnectionString = devices[1].GetProperty("connectionString").GetString()!;
        }

        public string Text { get; }

        public string Json { get; }

        public string CaFile { get; }

        public string ServiceConnectionString { get; }

        public string DeviceConnectionString { get; }

        public string SecondDeviceConnectionString { get; }

        public static async Task<HubRun> StartAsync(string folder, params string[] more)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
            foreach (string argument in (string[])[typeof(LocalHub).Assembly.Location, "--mqtt-port", "0", "--https-port", "0", "--data", Path.Combine(folder, "hub"), "--device", "d1", "--device", "d2", "--ready-file", Path.Combine(folder, "ready.json"), .. more])
            {
                start.ArgumentList.Add(argument);
            }

            Process process = Process.Start(start)!;
            var text = new System.Text.StringBuilder();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith("READY ", StringComparison.Ordinal))
                {
                    return new HubRun(process, text.ToString(), line["READY ".Length..]);
                }

                text.AppendLine(line);
            }

            process.Dispose();
            throw new InvalidOperationException("The hub ended before it was ready: " + text);
        }

        public void Kill()
        {
            process.Kill();
            process.WaitForExit();
        }

        public async Task<int> StopAsync()
        {
            using Process? kill = OperatingSystem.IsWindows() ? null : Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            if (kill is null)
            {
                Kill();
                return 0;
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                Kill();
            }

            process.Dispose();
        }
    }
}
