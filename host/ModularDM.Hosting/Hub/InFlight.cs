namespace ModularDM.Hosting.Hub;

/// <summary>Counts what is under way on a connection, so that a planned end can wait for it.</summary>
internal sealed class InFlight
{
    private readonly Lock _gate = new();
    private int _count;
    private TaskCompletionSource? _idle;

    public void Enter()
    {
        lock (_gate)
        {
            _count++;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0)
            {
                _idle?.TrySetResult();
                _idle = null;
            }
        }
    }

    /// <summary>Waits until nothing is under way, or for <paramref name="limit"/>.</summary>
    public async Task WaitIdleAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            idle = _count == 0 ? Task.CompletedTask : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(idle, Task.Delay(limit, clock, over.Token));
        await over.CancelAsync();
    }
}
