using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace ModularDM.EndToEnd.Tests;

/// <summary>The QuickStart program as a person starts it, and everything it says.</summary>
internal sealed class QuickStartProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private QuickStartProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public Task Ended { get; private init; } = Task.CompletedTask;

    public int ExitCode => _process.ExitCode;

    public string Output => Copy(_output);

    public string Errors => Copy(_errors);

    public static string Folder { get; } = Metadata("QuickStartFolder");

    public static string NewPluginFolder { get; } = Metadata("NewPluginFolder");

    public static QuickStartProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] command = ["exec", Path.Combine(Folder, "QuickStart.dll"), .. arguments];
        foreach (string argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.Start();
        var started = new QuickStartProcess(process) { Ended = process.WaitForExitAsync() };
        process.OutputDataReceived += (_, line) => started.Take(started._output, line.Data);
        process.ErrorDataReceived += (_, line) => started.Take(started._errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    /// <summary>What follows READY; fails with all that was said when it does not come.</summary>
    public async Task<string> ReadyAsync()
    {
        Task first = await Task.WhenAny(_ready.Task, Ended).WaitAsync(TestTimeouts.Start, TimeProvider.System);
        return first == _ready.Task ? await _ready.Task : throw new InvalidOperationException($"QuickStart ended with {ExitCode}: {Errors}{Output}");
    }

    /// <summary>Waits for the end that the program came to by itself.</summary>
    public Task WaitAsync() => Ended.WaitAsync(TestTimeouts.Start, TimeProvider.System);

    public void Dispose() => _process.Dispose();

    private void Take(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }

        if (text == _output && line?.StartsWith("READY ", StringComparison.Ordinal) == true)
        {
            _ready.TrySetResult(line["READY ".Length..]);
        }
    }

    private static string Copy(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private static string Metadata(string key) =>
        typeof(QuickStartProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
