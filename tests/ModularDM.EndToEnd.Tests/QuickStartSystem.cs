using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ModularDM.EndToEnd.Tests;

/// <summary>
/// The whole system on free ports and a folder of its own: hub, configurator and host, each a process, with the core plugins and the OEM's. As a class fixture it is
/// shared by the tests of a class.
/// </summary>
public sealed partial class QuickStartSystem : IAsyncLifetime
{
    private readonly Dictionary<string, string> _environment = [];
    private QuickStartProcess? _process;
    private DeviceService? _service;

    /// <summary>Everything the system keeps.</summary>
    internal string Data { get; } = Directory.CreateTempSubdirectory("mdm-e2e-").FullName;

    internal JsonNode Ready { get; private set; } = new JsonObject();

    internal DeviceService Service => _service!;

    internal string SupervisorErrors => _process!.Errors;

    /// <summary>How long the last orderly stop took.</summary>
    internal TimeSpan StopTime { get; private set; }

    internal string HostData => Path.Combine(Data, "host");

    internal string TracesFolder => Path.Combine(HostData, "traces");

    internal string HostConfiguration => Path.Combine(HostData, "host.json");

    internal string Policy => Path.Combine(Data, "configurator", "policy.json");

    /// <summary>The file behind one of the device's attributes.</summary>
    internal string Attribute(string file) => Path.Combine(Data, "configurator", "state", "attributes", file);

    internal string PluginsFolder => Ready.TextAt("pluginsFolder")!;

    /// <summary>Adds to the environment of the next start.</summary>
    internal QuickStartSystem With(string variable, string value)
    {
        _environment[variable] = value;
        return this;
    }

    public async ValueTask InitializeAsync() => await StartAsync();

    internal async Task StartAsync(params string[] more)
    {
        _process = QuickStartProcess.Start(["--mqtt-port", "0", "--https-port", "0", "--dashboard-port", "0", "--data", Data, .. more], _environment);
        try
        {
            Ready = JsonNode.Parse(await _process.ReadyAsync())!;
            _service = new DeviceService(Ready);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{e.Message}{Environment.NewLine}{Logs()}", e);
        }
    }

    /// <summary>The part's process now; it changes with each start.</summary>
    internal int ProcessOf(string part)
    {
        Match? restart = RestartLine().Matches(SupervisorErrors).LastOrDefault(match => match.Groups["part"].Value == part);
        return restart is null ? (int)Ready.At($"pids.{part}")! : int.Parse(restart.Groups["id"].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Kills a part and waits until the supervisor has started another; the answer is its process.</summary>
    internal async Task<int> KillAsync(string part)
    {
        int killed = ProcessOf(part);
        Signals.Kill(killed);
        return await WaitForNextAsync(part, killed);
    }

    /// <summary>Waits until another process than <paramref name="old"/> is the part.</summary>
    internal async Task<int> WaitForNextAsync(string part, int old)
    {
        await TestTimeouts.WaitForAsync(
            () => Task.FromResult(ProcessOf(part) != old ? this : null), () => Task.FromResult($"{part} was not started again: {SupervisorErrors}"));
        return ProcessOf(part);
    }

    /// <summary>Stops it as a service manager would, and makes sure that nothing is left.</summary>
    internal async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        string[] names = Ready["pids"] is null ? [] : ["hub", "configurator", "host"];
        int[] parts = [.. names.Select(ProcessOf)];
        long began = TimeProvider.System.GetTimestamp();
        Signals.Terminate(process.Id);
        await process.WaitAsync();
        StopTime = TimeProvider.System.GetElapsedTime(began);
        _service?.Dispose();
        _process = null;
        using (process)
        {
            Assert.DoesNotContain(parts, Signals.IsAlive);
            Assert.True(OperatingSystem.IsWindows() || process.ExitCode == 0, $"QuickStart ended with {process.ExitCode}: {process.Errors}");
        }
    }

    /// <summary>The end of every log, for the message of a test that failed.</summary>
    internal string Logs() => string.Join(
        Environment.NewLine, Directory.EnumerateFiles(Path.Combine(Data, "logs")).Select(file => $"--- {Path.GetFileName(file)}{Environment.NewLine}{Tail(ReadShared(file))}"));

    internal string ReadLog(string part) => ReadShared(Path.Combine(Data, "logs", part + ".log"));

    /// <summary>Reads a file that another process is writing.</summary>
    internal static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        finally
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    private static string Tail(string text) => text.Length <= 4000 ? text : text[^4000..];

    [GeneratedRegex(@"^(?<part>\w+) had ended and was started again \(process (?<id>\d+)\)", RegexOptions.Multiline)]
    private static partial Regex RestartLine();
}
