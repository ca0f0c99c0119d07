namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>
/// Starts the calls of one plugin, a few at once: one on the <see cref="LentThread"/>, if it is free, and the others on threads of the plugin's own. A call that blocks
/// before its first await blocks its thread and nothing else.
/// </summary>
/// <remarks>Code after the first await goes on where .NET puts it, as it would anywhere. Idle threads end after a while.</remarks>
internal sealed class PluginScheduler(string name, int maxRunning, int maxWaiting) : IDisposable
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);
    [ThreadStatic] private static PluginScheduler? t_completing;
    [ThreadStatic] private static Action? t_next;
    private readonly object _gate = new();
    private readonly LinkedList<IPluginWork> _waiting = [];
    private readonly Queue<Action> _ready = [];
    private int _running;
    private int _idleThreads;
    private bool _disposed;

    /// <summary>Starts the call now or when its turn comes; false when too many wait already, or the plugin was stopped.</summary>
    public bool TryEnqueue(IPluginWork work)
    {
        lock (_gate)
        {
            if (_disposed || (_running >= maxRunning && _waiting.Count >= maxWaiting))
            {
                return false;
            }

            if (_running >= maxRunning)
            {
                _waiting.AddLast(work);
            }
            else
            {
                _running++;
                Dispatch(work.Start);
            }

            return true;
        }
    }

    /// <summary>Takes back a call that has not begun; false when it has.</summary>
    public bool TryRemove(IPluginWork work)
    {
        lock (_gate)
        {
            return _waiting.Remove(work);
        }
    }

    /// <summary>A call is over; the next may begin.</summary>
    public void OnFinished()
    {
        lock (_gate)
        {
            if (_waiting.First is { } next && !_disposed)
            {
                _waiting.RemoveFirst();
                Dispatch(next.Value.Start);
            }
            else
            {
                _running--;
            }
        }
    }

    /// <summary>
    /// Ends a call on the thread that ran it, and lets whoever awaits it go on there. If that begins another call of this plugin, as a read after an apply,
    /// it is the next on this very thread.
    /// </summary>
    public void Complete<T>(TaskCompletionSource<T> call, T outcome)
    {
        t_completing = this;
        call.TrySetResult(outcome);
        t_completing = null;
    }

    /// <summary>Runs something short of the plugin's, such as its cancellation callbacks, beside the calls.</summary>
    public void Post(Action action)
    {
        lock (_gate)
        {
            Dispatch(action);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    // _idleThreads is the number of threads that wait, less the number of actions that are ready: each action takes one thread out of the count when it is made ready.
    private void Dispatch(Action action)
    {
        if (t_completing == this && t_next is null)
        {
            t_next = action;
        }
        else if (LentThread.Shared.TryRun(name, RunAll, action))
        {
            // It begins as soon as the thread that came here is free.
        }
        else if (_idleThreads > 0)
        {
            _idleThreads--;
            _ready.Enqueue(action);
            Monitor.Pulse(_gate);
        }
        else
        {
            new Thread(Work) { IsBackground = true, Name = name }.UnsafeStart(action);
        }
    }

    private void Work(object? first)
    {
        for (var action = (Action?)first; action is not null; action = Next())
        {
            RunAll(action);
        }
    }

    // The action, and what is begun at the end of it.
    private static void RunAll(Action action)
    {
        for (Action? next = action; next is not null;)
        {
            next();
            next = t_next;
            t_next = null;
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            _idleThreads++;
            while (_ready.Count == 0)
            {
                if (_disposed || (!Monitor.Wait(_gate, s_idle) && _ready.Count == 0))
                {
                    _idleThreads--;
                    return null;
                }
            }

            return _ready.Dequeue();
        }
    }
}

/// <summary>Something that a <see cref="PluginScheduler"/> starts.</summary>
internal interface IPluginWork
{
    /// <summary>Runs on a thread that nothing else needs until the first await; never throws.</summary>
    void Start();
}
