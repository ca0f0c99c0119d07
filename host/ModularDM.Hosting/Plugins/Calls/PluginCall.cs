using ModularDM.Hosting.Plugins.Activation;

namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>
/// One call into a plugin, from the queue to its end. Its token fires at the limit or with the caller's; after the grace the call is given up, whatever it does.
/// </summary>
/// <remarks>The limit counts from the moment the plugin's code begins; the time in the queue is bounded by the same length of its own.</remarks>
#pragma warning disable CA1001 // The token's source has no timer and no handle to free, and an abandoned plugin may hold the token for ever.
internal sealed class PluginCall<T> : IPluginWork
#pragma warning restore CA1001
{
    private readonly PluginScheduler _scheduler;
    private readonly CrashMarker.Slot _marker;
    private readonly string _what;
    private readonly Func<CancellationToken, Task<T>> _code;
    private readonly TimeSpan _limit, _grace;
    private readonly CancellationToken _caller;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly CancellationTokenSource _token = new();
    private readonly TaskCompletionSource<CallOutcome<T>> _outcome = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private Phase _phase;
    private bool _byCaller;
    private volatile Exception? _callbackFault;

    public PluginCall(
        string what, PluginScheduler scheduler, CrashMarker.Slot marker, PluginLease lease, TimeSpan limit, TimeSpan grace, TimeProvider clock,
        Func<CancellationToken, Task<T>> code, CancellationToken caller)
    {
        (_what, _scheduler, _marker, Lease, _limit, _grace, _code, _caller) = (what, scheduler, marker, lease, limit, grace, code, caller);
        _timer = clock.CreateTimer(static call => ((PluginCall<T>)call!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private enum Phase
    {
        Waiting,
        Running,
        Fired,
        Over,
    }

    public PluginLease Lease { get; }

    public async Task<CallOutcome<T>> RunAsync()
    {
        if (_caller.IsCancellationRequested)
        {
            return new(CallEnd.Cancelled);
        }

        using ITimer timer = _timer;
        timer.Change(_limit, Timeout.InfiniteTimeSpan);
        if (!_scheduler.TryEnqueue(this))
        {
            return new(CallEnd.Refused);
        }

        using CancellationTokenRegistration registration = _caller.UnsafeRegister(static call => ((PluginCall<T>)call!).Fire(byCaller: true), this);
        return await _outcome.Task;
    }

    void IPluginWork.Start()
    {
        lock (_gate)
        {
            if (_phase == Phase.Over)
            {
                _scheduler.OnFinished();
                return;
            }

            _phase = Phase.Running;
            _timer.Change(_limit, Timeout.InfiniteTimeSpan);
        }

        if (_context is null)
        {
            Execute();
        }
        else
        {
            ExecutionContext.Run(_context, static call => ((PluginCall<T>)call!).Execute(), this);
        }
    }

    private void Execute()
    {
        Task<CallOutcome<T>> execution = ExecuteAsync();
        if (execution.IsCompleted)
        {
            // No code of the plugin's is below us on this thread, so the host may go on here: waking another thread costs more than most calls do.
            _scheduler.Complete(_outcome, execution.Result);
        }
        else
        {
            // Wherever the plugin ends its task, possibly inside a lock of its own, nothing of the host's runs there.
            execution.ContinueWith(
                static (done, call) => ((PluginCall<T>)call!)._outcome.TrySetResult(done.Result), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<CallOutcome<T>> ExecuteAsync()
    {
        PluginLease.Current = Lease;
        _marker.Enter(_what);
        CallOutcome<T> outcome;
        try
        {
            T value = await (_code(_token.Token) ?? throw new InvalidOperationException("The plugin returned null for a task."));
            outcome = new(CallEnd.Returned, value);
        }
        catch (OperationCanceledException) when (_token.IsCancellationRequested)
        {
            outcome = new(_byCaller ? CallEnd.Cancelled : CallEnd.OutOfTime, Exception: _callbackFault);
        }
        catch (Exception e)
        {
            outcome = new(CallEnd.Threw, Exception: e);
        }

        _marker.Leave(_what);
        Lease.End();
        lock (_gate)
        {
            _phase = Phase.Over;
        }

        // First, so that whoever awaits this call finds its place free.
        _scheduler.OnFinished();
        return outcome;
    }

    // From a timer or the caller's cancellation, and under the lock: the one who waits goes on elsewhere.
    private void GiveUp(CallOutcome<T> outcome) =>
        ThreadPool.UnsafeQueueUserWorkItem(static state => state.Item1.TrySetResult(state.outcome), (_outcome, outcome), preferLocal: false);

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_phase == Phase.Fired)
            {
                _phase = Phase.Over;
                GiveUp(new(CallEnd.Abandoned, Exception: _callbackFault));
                return;
            }
        }

        Fire(byCaller: false);
    }

    private void Fire(bool byCaller)
    {
        lock (_gate)
        {
            if (_phase == Phase.Waiting && _scheduler.TryRemove(this))
            {
                _phase = Phase.Over;
                GiveUp(new(byCaller ? CallEnd.Cancelled : CallEnd.NotStarted));
                return;
            }

            if (_phase == Phase.Waiting && byCaller)
            {
                // A thread is on its way to start it; Start sees that it is over.
                _phase = Phase.Over;
                GiveUp(new(CallEnd.Cancelled));
                return;
            }

            if (_phase != Phase.Running)
            {
                return;
            }

            (_phase, _byCaller) = (Phase.Fired, byCaller);
            _timer.Change(_grace, Timeout.InfiniteTimeSpan);
        }

        // The plugin's callbacks on its token are the plugin's code, so they too run on its own threads.
        _scheduler.Post(CancelToken);
    }

    private void CancelToken()
    {
        try
        {
            _token.Cancel();
        }
        catch (AggregateException e)
        {
            // For the log, beside however the call itself ends.
            _callbackFault = e;
        }
    }
}
