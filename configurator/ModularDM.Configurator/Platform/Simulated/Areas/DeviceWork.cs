using System.Globalization;
using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>What the simulated device does a while after it was told to. It stops with the device; what must go on later is in the tree.</summary>
internal sealed class DeviceWork(TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ITimer> _timers = [];
    private readonly Lock _acting = new();
    private bool _disposed;

    public TimeProvider Clock => clock;

    /// <summary>Does something a while after the command that asked for it, and remembers in the tree when that is.</summary>
    public void Promise(CspCall call, string name, TimeSpan time, Action action)
    {
        call.Tree.Memorize(Due(name), (clock.GetUtcNow() + time).ToString("O", CultureInfo.InvariantCulture));
        call.OnCommit(() => After(time, action));
    }

    /// <summary>Goes on with what was promised before the device went off. What became due meanwhile is done at once.</summary>
    public void Resume(CspTree tree, string name, Action action)
    {
        TimeSpan left = DateTimeOffset.TryParse(tree.Memory(Due(name)), CultureInfo.InvariantCulture, out DateTimeOffset due) ? due - clock.GetUtcNow() : TimeSpan.Zero;
        if (left > TimeSpan.Zero)
        {
            After(left, action);
        }
        else
        {
            action();
        }
    }

    /// <summary>It is done; nothing is left to go on with.</summary>
    public static void Done(CspTree tree, string name) => tree.Memorize(Due(name), null);

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

    private void After(TimeSpan time, Action action)
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

    private static string Due(string name) => $"due:{name}";
}
