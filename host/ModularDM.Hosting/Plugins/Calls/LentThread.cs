namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>
/// One thread of .NET's pool that plugins may use to begin a call, one call at a time. The thread that queued the call is about to be free, and begins it sooner than a
/// sleeping thread of the plugin's can be woken.
/// </summary>
/// <remarks>
/// A call that blocks keeps the thread, for ever if it must; everybody else's calls then begin on threads of their plugins' own. The pool's minimum is raised by one,
/// so that nobody misses what is lent.
/// </remarks>
internal sealed class LentThread : IThreadPoolWorkItem
{
    private Action<Action>? _run;
    private Action? _work;
    private int _isLent;

    public LentThread()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        // An application that holds its pool to a fixed number has no thread to spare.
        _isLent = ThreadPool.SetMinThreads(workers + 1, completions) ? 0 : 1;
    }

    /// <summary>The one of this process.</summary>
    public static LentThread Shared { get; } = new();

    /// <summary>Has <paramref name="run"/>, which does not throw, run <paramref name="work"/> once the running thread is free, or another; false when the thread is lent already.</summary>
    public bool TryRun(Action<Action> run, Action work)
    {
        if (Interlocked.Exchange(ref _isLent, 1) == 1)
        {
            return false;
        }

        (_run, _work) = (run, work);
        return ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        _run!(_work!);
        (_run, _work) = (null, null);
        Volatile.Write(ref _isLent, 0);
    }
}
