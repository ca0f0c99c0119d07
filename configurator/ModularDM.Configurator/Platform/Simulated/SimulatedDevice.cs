using System.Text.Json;
using ModularDM.Configurator.State;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>The simulated machine itself: what it remembers, and its reboots. A reboot moves the boot time and leaves a file for whoever watches the host.</summary>
internal sealed class SimulatedDevice : IDisposable
{
    private readonly AtomicFile _file;
    private readonly string _marker;
    private readonly TimeProvider _clock;
    private readonly ITimer _rebootTimer;
    private readonly Lock _gate = new();
    private readonly Lock _reboots = new();
    private SimulatedState _current;
    private bool _disposed;

    public SimulatedDevice(string folder, TimeProvider clock)
    {
        _clock = clock;
        _file = new AtomicFile(Path.Combine(folder, "simulated.json"));
        _marker = Path.Combine(folder, "reboot-requested");
        _current = Load();
        _rebootTimer = clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (_current.LastBoot is null)
        {
            Update(state => state with { LastBoot = clock.GetUtcNow() });
        }

        DateTimeOffset? before = _current.LastBoot;
        RebootIfDue();
        BootedAtStart = _current.LastBoot != before;
    }

    /// <summary>A reboot became due while nobody simulated the device; nobody was told of it.</summary>
    public bool BootedAtStart { get; }

    /// <summary>Raised after a simulated reboot.</summary>
    public event Action? Rebooted;

    public SimulatedState Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    public void Update(Func<SimulatedState, SimulatedState> change)
    {
        lock (_gate)
        {
            SimulatedState next = change(_current);
            _file.Write(JsonSerializer.SerializeToUtf8Bytes(next, SimulatedJson.Default.SimulatedState));
            _current = next;
        }
    }

    public void ScheduleReboot(string reason, TimeSpan grace)
    {
        Update(state => state with { RebootDue = _clock.GetUtcNow() + grace, RebootReason = reason });
        Watch();
    }

    /// <summary>Returns once a reboot that is under way has ended.</summary>
    public void Dispose()
    {
        _rebootTimer.Dispose();
        lock (_reboots)
        {
            _disposed = true;
        }
    }

    private SimulatedState Load()
    {
        foreach (byte[] generation in _file.ReadGenerations())
        {
            try
            {
                if (JsonSerializer.Deserialize(generation, SimulatedJson.Default.SimulatedState) is { } state)
                {
                    return state;
                }
            }
            catch (JsonException)
            {
                // A damaged generation of a simulation is passed over: the one before it, or a new device, will do.
            }
        }

        return new SimulatedState();
    }

    private void Watch()
    {
        if (Current.RebootDue is { } due)
        {
            TimeSpan wait = due - _clock.GetUtcNow();
            _rebootTimer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        lock (_reboots)
        {
            if (!_disposed)
            {
                RebootIfDue();
            }
        }
    }

    private void RebootIfDue()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        if (Current.RebootDue is not { } due)
        {
            return;
        }

        if (due > now)
        {
            Watch();
            return;
        }

        string reason = Current.RebootReason ?? string.Empty;
        Update(state => state with { LastBoot = now, RebootDue = null, RebootReason = null });
        File.WriteAllText(_marker, $"{now:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {reason}\n");
        Rebooted?.Invoke();
    }
}
