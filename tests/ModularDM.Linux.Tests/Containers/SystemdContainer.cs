using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ModularDM.Linux.Tests.Containers;

/// <summary>
/// A real systemd, booted by systemd-nspawn on an overlay of this machine's root: its own processes, network, buses and units, and no way to the machine's clock.
/// </summary>
/// <remarks>A reboot inside ends nspawn with 133; <see cref="BootAgainAsync"/> then boots the same overlay, as hardware would.</remarks>
internal sealed class SystemdContainer : IAsyncDisposable
{
    /// <summary>What nspawn exits with when the inside asked for a reboot.</summary>
    public const int RebootExitCode = 133;

    /// <summary>The share as the inside sees it.</summary>
    public const string ShareInside = "/srv/modulardm";

    /// <summary>The folder of the test's assemblies as the inside sees it.</summary>
    public const string ProgramsInside = "/opt/modulardm";

    /// <summary>The .NET runtime as the inside sees it.</summary>
    public const string DotnetInside = "/opt/dotnet/dotnet";

    private static readonly TimeSpan s_bootLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_command = TimeSpan.FromSeconds(30);
    private static int s_count;

    private readonly OverlayRoot _overlay;
    private readonly ControlGroups _groups;
    private readonly string _name;
    private readonly List<string> _console = [];
    private Process? _nspawn;

    private SystemdContainer(OverlayRoot overlay, string name) => (_overlay, _name, _groups) = (overlay, name, new ControlGroups(name));

    /// <summary>Why no container can be had on this machine; null when it should work.</summary>
    public static string? Unavailable { get; } = FindObstacle();

    /// <summary>The process that is 1 inside, by its id outside.</summary>
    public int Leader { get; private set; }

    /// <summary>Bound to <see cref="ShareInside"/>.</summary>
    public string Share => _overlay.Share;

    public TimeSpan BootTime { get; private set; }

    /// <summary>The last lines of the console.</summary>
    public string Console
    {
        get
        {
            lock (_console)
            {
                return string.Join('\n', _console);
            }
        }
    }

    /// <exception cref="MountRefusedException">This machine does not let us mount.</exception>
    public static async Task<SystemdContainer> BootAsync(Action<OverlayRoot>? prepare = null)
    {
        OverlayRoot overlay = await OverlayRoot.MountAsync();
        var container = new SystemdContainer(overlay, string.Create(CultureInfo.InvariantCulture, $"mdm-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}"));
        try
        {
            overlay.Write("/etc/machine-id", "");
            KeepOwnServicesOnly(overlay);
            AllowTimeSync(overlay);
            prepare?.Invoke(overlay);
            await container.BootAgainAsync();
            return container;
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    /// <summary>Boots the overlay once more, after a reboot, a power-off or a power cut.</summary>
    public async Task BootAgainAsync()
    {
        if (_nspawn is { HasExited: false })
        {
            throw new InvalidOperationException("The container still runs.");
        }

        long start = TimeProvider.System.GetTimestamp();
        _nspawn?.Dispose();
        _nspawn = Spawn();
        using var limit = new CancellationTokenSource(s_bootLimit, TimeProvider.System);
        try
        {
            while ((Leader = FindLeader(_nspawn.Id)) == 0)
            {
                await PauseAsync(limit.Token);
            }

            while ((await RunAsync("systemctl", "is-system-running")).Output.Trim() is not ("running" or "degraded"))
            {
                await PauseAsync(limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The container did not boot within {s_bootLimit.TotalSeconds} s. Console:\n{Console}");
        }

        BootTime = TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>Runs a program inside, as root.</summary>
    public Task<CommandResult> RunAsync(params IEnumerable<string> command) => Command.RunAsync(
        s_command,
        "nsenter",
        ["--target", Leader.ToString(CultureInfo.InvariantCulture), "--all", "env", "--chdir=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", .. command]);

    /// <summary>Waits until nspawn ends by itself and says how.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit, TimeProvider.System);
        await _nspawn!.WaitForExitAsync(timeout.Token);
        return _nspawn.ExitCode;
    }

    /// <summary>Waits for the reboot that something inside has asked for, and boots again.</summary>
    public async Task WaitForRebootAsync(TimeSpan limit)
    {
        int exit = await WaitForExitAsync(limit);
        Assert.True(exit == RebootExitCode, $"nspawn ended with {exit}, not with a reboot. Console:\n{Console}");
        await BootAgainAsync();
    }

    /// <summary>Shuts down in order and boots again.</summary>
    public async Task RebootAsync()
    {
        await RunAsync("systemctl", "reboot");
        await WaitForRebootAsync(s_bootLimit);
    }

    /// <summary>Everything inside ends at once, with nothing flushed by anyone.</summary>
    public async Task CutPowerAsync()
    {
        if (_nspawn is { HasExited: false } nspawn)
        {
            nspawn.Kill(entireProcessTree: true);
            await nspawn.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CutPowerAsync();
        _nspawn?.Dispose();
        _nspawn = null;
        _groups.Dispose();
        await _overlay.DisposeAsync();
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "A container needs Linux.";
        }

        if (Environment.UserName != "root")
        {
            return "A container needs root.";
        }

        foreach (string program in (string[])["/usr/bin/systemd-nspawn", "/usr/bin/nsenter"])
        {
            if (!File.Exists(program))
            {
                return $"A container needs {program} (packages systemd-container and util-linux).";
            }
        }

        return File.Exists("/lib/systemd/systemd") && File.Exists("/usr/bin/dbus-daemon") ? null : "This machine's root has no systemd or no dbus-daemon to boot.";
    }

    // Whatever else this machine runs (a database, a web server) has no business in the container.
    private static void KeepOwnServicesOnly(OverlayRoot overlay)
    {
        string wants = Path.Combine(overlay.Root, "etc/systemd/system/multi-user.target.wants");
        foreach (string link in Directory.Exists(wants) ? Directory.GetFileSystemEntries(wants) : [])
        {
            File.Delete(link);
        }
    }

    // systemd-timesyncd refuses to run in a container, since it may not set the clock there. Without its conditions and its capability it runs and sets nothing.
    private static void AllowTimeSync(OverlayRoot overlay) => overlay.Write(
        "/etc/systemd/system/systemd-timesyncd.service.d/container.conf",
        "[Unit]\nConditionVirtualization=\nConditionCapability=\n[Service]\nCapabilityBoundingSet=\nAmbientCapabilities=\n");

    private static Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(s_poll, TimeProvider.System, cancellationToken);

    /// <summary>The process below nspawn that is 1 in its own namespace.</summary>
    private static int FindLeader(int parent)
    {
        string children = $"/proc/{parent}/task/{parent}/children";
        foreach (string child in File.Exists(children) ? File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries) : [])
        {
            string status = $"/proc/{child}/status";
            string? ids = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(line => line.StartsWith("NSpid:", StringComparison.Ordinal)) : null;
            int id = int.Parse(child, CultureInfo.InvariantCulture);
            if (ids?.Split('\t') is [_, _, .., "1"])
            {
                return id;
            }

            if (FindLeader(id) is > 0 and int leader)
            {
                return leader;
            }
        }

        return 0;
    }

    private Process Spawn()
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        string enter = string.Concat(_groups.ProcessFiles.Select(file => $"echo $$ > {file}; "));
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh")
            {
                ArgumentList =
                {
                    "-c", $"{enter}exec \"$0\" \"$@\"", "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", $"--machine={_name}", "--hostname=contoso-device", "--directory", _overlay.Root,
                    "--private-network", "--settings=no", "--link-journal=no", "--timezone=off", "--resolv-conf=off",
                    $"--bind={Share}:{ShareInside}", $"--bind-ro={AppContext.BaseDirectory}:{ProgramsInside}", $"--bind-ro={dotnet}:/opt/dotnet", "--boot",
                },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(object sender, DataReceivedEventArgs received)
    {
        lock (_console)
        {
            _console.Add(received.Data ?? "");
            if (_console.Count > 200)
            {
                _console.RemoveAt(0);
            }
        }
    }
}
