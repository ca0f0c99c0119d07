namespace ModularDM.Hub.Local.Jobs;

/// <summary>Lets so many operations of all jobs begin in a second; the others wait for a place in a later one.</summary>
internal sealed class OperationPace(int perSecond, TimeProvider time)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private readonly DateTimeOffset epoch = time.GetUtcNow();
    private long next;

    /// <summary>Ends when an operation may begin.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = Reserve();
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private TimeSpan Reserve()
    {
        lock (gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            long second = (now - epoch).Ticks / Second.Ticks;
            long place = Math.Max(next, second * perSecond);
            next = place + 1;
            return epoch + (place / perSecond * Second) - now;
        }
    }
}
