using System.Diagnostics;
using System.Reflection;

namespace ModularDM.Benchmarks.EndToEnd;

/// <summary>A program of this repository as a process of its own; it is ended with this object.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly string _name;
    private readonly Lock _gate = new();
    private readonly List<(Predicate<string> Wanted, TaskCompletionSource<string> Seen)> _waiting = [];
    private readonly List<string> _lines = [];

    private ChildProcess(string name, ProcessStartInfo start)
    {
        _name = name;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => Fail();
        // Also when this program is told to stop.
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>Where a project of this repository was built, in this program's own configuration.</summary>
    public static string Output(string project) => Path.Combine(Root, project, Metadata("BuildOutput"));

    /// <summary>Starts a program: a .dll by the runtime that runs this one, anything else by itself.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        bool managed = program.EndsWith(".dll", StringComparison.Ordinal);
        string dotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        var start = new ProcessStartInfo(managed ? dotnet : program, managed ? [program, .. arguments] : arguments);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Path.GetFileNameWithoutExtension(program), start);
    }

    /// <summary>Starts this program again, to play another part.</summary>
    public static ChildProcess StartSelf(params string[] arguments) => Start(typeof(ChildProcess).Assembly.Location, arguments);

    /// <summary>The CPU time that the process has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The memory that the process has in RAM.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The most that <see cref="ResidentBytes"/> has been.</summary>
    public long PeakBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Waits for a line of output, printed already or not.</summary>
    public Task<string> LineAsync(Predicate<string> wanted)
    {
        lock (_gate)
        {
            if (_lines.Find(wanted) is { } line)
            {
                return Task.FromResult(line);
            }

            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((wanted, seen));
            return seen.Task.WaitAsync(s_limit, TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void OnExit(object? sender, EventArgs e) => _process.Kill();

    private static string Metadata(string key) => typeof(ChildProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Add(line);
            _waiting.RemoveAll(waiter => waiter.Wanted(line) && waiter.Seen.TrySetResult(line));
        }
    }

    private void Fail()
    {
        lock (_gate)
        {
            foreach ((_, TaskCompletionSource<string> seen) in _waiting)
            {
                seen.TrySetException(new InvalidOperationException($"{_name} ended early:{Environment.NewLine}{string.Join(Environment.NewLine, _lines.TakeLast(20))}"));
            }
        }
    }
}
