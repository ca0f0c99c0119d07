namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>What the simulated device does a while after it was told to. It stops with the device; what must go on later is in the tree.</summary>
internal sealed class DeviceWork(TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ITimer> _timers = [];
    private readonly Lock _acting = new();
    private bool _disposed;

    public TimeProvider Clock => clock;

    public void After(TimeSpan time, Action action)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            ITimer[] own = new ITimer[1];
            own[0] = clock.CreateTimer(_ => Run(own, action), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timers.Add(own[0]);
            own[0].Change(time, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timers.ForEach(timer => timer.Dispose());
            _timers.Clear();
        }

        lock (_acting)
        {
            // What is under way has ended now.
        }
    }

    private void Run(ITimer[] own, Action action)
    {
        lock (_acting)
        {
            lock (_gate)
            {
                if (!_timers.Remove(own[0]))
                {
                    return;
                }
            }

            own[0].Dispose();
            action();
        }
    }
}
