namespace ModularDM.Hosting.Hub;

/// <summary>Counts what is under way on a connection, so that a planned end comes in a moment when nothing is.</summary>
internal sealed class InFlight
{
    private readonly Lock _gate = new();
    private int _count;
    private bool _closing;
    private bool _closed;
    private TaskCompletionSource? _idle;

    /// <summary>Begins something of ours; false after the end, when it belongs on the next connection.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _count++;
            return true;
        }
    }

    /// <summary>Begins something that the other side asked for on this connection; it cannot go elsewhere.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            _count++;
        }
    }

    /// <summary>Ends something.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0 && _closing)
            {
                _closed = true;
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>Lets nothing more begin from the first moment at which nothing is under way, or from the end of <paramref name="limit"/>.</summary>
    public async Task CloseAsync(TimeSpan limit, TimeProvider clock, Task abandoned, CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            _closing = true;
            _closed = _count == 0;
            idle = _closed ? Task.CompletedTask : (_idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(idle, abandoned, Task.Delay(limit, clock, over.Token));
        await over.CancelAsync();
        lock (_gate)
        {
            _closed = true;
        }
    }
}
