using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ModularDM.Samples.QuickStart;

/// <summary>One process of the system, started again whenever it ends, as systemd would.</summary>
internal sealed partial class Part(string name, string assembly, string logFile, TimeProvider clock) : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan s_restartPause = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private volatile string? _lastWords;
    private StreamWriter? _log;
    private Process? _process;
    private Task _running = Task.CompletedTask;

    /// <summary>Raised when the process was started; the second time and later it is a restart.</summary>
    public event Action<Part, int>? Started;

    public string Name => name;

    /// <summary>The arguments of the next start.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    public int ProcessId { get; private set; }

    /// <summary>The rest of the first output line that begins with READY.</summary>
    public Task<string> Ready => _ready.Task;

    public void Start()
    {
        // The hub's first lines hold its keys, so the logs are this user's alone.
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _log = new StreamWriter(logFile, options) { AutoFlush = true };
        _running = RunAsync();
    }

    /// <summary>Ends the process; the supervisor starts it again.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            if (_process is { HasExited: false } process)
            {
                Terminate(process);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _log?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Asks a process to end in good order.</summary>
    public static void Terminate(Process process)
    {
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
        }
        else if (Kill(process.Id, SigTerm) != 0 && !process.HasExited)
        {
            process.Kill();
        }
    }

    private async Task RunAsync()
    {
        for (int starts = 1; !_stopping.IsCancellationRequested; starts++)
        {
            using Process process = Launch();
            Started?.Invoke(this, starts);
            try
            {
                await process.WaitForExitAsync(_stopping.Token);
                if (!_ready.Task.IsCompleted)
                {
                    _ready.TrySetException(new InvalidOperationException(
                        $"{name} ended with exit code {process.ExitCode} before it was ready: {_lastWords ?? "it said nothing"} (see {logFile})"));
                }

                await Task.Delay(s_restartPause, clock, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                await StopAsync(process);
                _ready.TrySetCanceled();
            }
        }
    }

    private Process Launch()
    {
        // "dotnet exec" and not the native launcher: that is not copied from a referenced project on every platform.
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly));
        foreach (string argument in Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Output(line.Data);
        process.ErrorDataReceived += (_, line) =>
        {
            _lastWords = string.IsNullOrWhiteSpace(line.Data) ? _lastWords : line.Data;
            Output(line.Data);
        };
        lock (_gate)
        {
            process.Start();
            (_process, ProcessId) = (process, process.Id);
        }

        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Output(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (line.StartsWith("READY ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(line["READY ".Length..]);
            return;
        }

        lock (_gate)
        {
            _log!.WriteLine(line);
        }
    }

    private async Task StopAsync(Process process)
    {
        Terminate(process);
        try
        {
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(s_stopLimit, clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
