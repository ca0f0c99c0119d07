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
    private int _isLent;
    private (string Name, Action<Action> Run, Action Work) _loan;

    public LentThread()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        // An application that holds its pool to a fixed number has no thread to spare.
        _isLent = ThreadPool.SetMinThreads(workers + 1, completions) ? 0 : 1;
    }

    /// <summary>The one of this process.</summary>
    public static LentThread Shared { get; } = new();

    /// <summary>Runs something as soon as the running thread is free, or another; false when the thread is lent already.</summary>
    /// <param name="name">Whom a dump of the process shall show as the thread's holder.</param>
    /// <param name="run">Runs the work, and does not throw.</param>
    /// <param name="work">The work.</param>
    public bool TryRun(string name, Action<Action> run, Action work)
    {
        if (Interlocked.Exchange(ref _isLent, 1) == 1)
        {
            return false;
        }

        _loan = (name, run, work);
        return ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // The pool gives the thread its own name back by itself.
        Thread.CurrentThread.Name = _loan.Name;
        _loan.Run(_loan.Work);
        _loan = default;
        Volatile.Write(ref _isLent, 0);
    }
}
