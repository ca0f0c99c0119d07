namespace ModularDM.Hub.Local.Faults;

/// <summary>A fault of a running hub, and how often it struck. May be read from any thread.</summary>
public sealed class InjectedFault
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource firstHit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider time;
    private readonly DateTimeOffset? ends;
    private readonly Random random;
    private int hits;
    private volatile bool removed;

    internal InjectedFault(string id, Fault fault, TimeProvider time)
    {
        Id = id;
        Fault = fault;
        this.time = time;
        ends = fault.Duration is { } duration ? time.GetUtcNow() + duration : null;
        random = new Random(fault.Seed);
    }

    /// <summary>The name under which it can be removed.</summary>
    public string Id { get; }

    /// <summary>What was asked for.</summary>
    public Fault Fault { get; }

    /// <summary>How often it struck.</summary>
    public int Hits => Volatile.Read(ref hits);

    /// <summary>Whether it can strike again: it was not removed, has times left, and its time is not over.</summary>
    public bool InForce => !removed && Hits < (Fault.Times ?? int.MaxValue) && !(time.GetUtcNow() >= ends);

    /// <summary>Ends when it first struck.</summary>
    public Task FirstHit => firstHit.Task;

    internal void Remove() => removed = true;

    /// <summary>Whether it strikes now; if so, that is counted.</summary>
    internal bool TryStrike(FaultOperation operation, string? deviceId)
    {
        if (!Fault.Strikes(operation) || (Fault.DeviceId is { } only && only != deviceId))
        {
            return false;
        }

        lock (gate)
        {
            if (!InForce || (Fault.Probability < 1 && random.NextDouble() >= Fault.Probability))
            {
                return false;
            }

            hits++;
        }

        firstHit.TrySetResult();
        return true;
    }
}
