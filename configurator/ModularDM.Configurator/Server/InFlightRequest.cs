using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>A request between its frame and its answer.</summary>
internal sealed class InFlightRequest : IDisposable
{
    private readonly CancellationTokenSource _given = new();
    private ITimer? _deadline;
    private int _answered;

    public InFlightRequest(RequestFrame frame, TimeSpan limit, TimeProvider clock)
    {
        Frame = frame;
        Limit = limit;
        OperationName = ConfiguratorOperations.NameOf(frame.Request);
        Context = new OperationContext(OperationName, limit, clock, _given.Token);
    }

    public RequestFrame Frame { get; }

    public TimeSpan Limit { get; }

    public string OperationName { get; }

    public OperationContext Context { get; }

    /// <summary>Answers at the deadline even when the operation is stuck in a call that does not return.</summary>
    public void WatchDeadline(TimeProvider clock, TimerCallback atDeadline) =>
        _deadline = clock.CreateTimer(atDeadline, this, Limit, Timeout.InfiniteTimeSpan);

    /// <summary>True for the first who asks: there is one answer.</summary>
    public bool TryAnswer() => Interlocked.Exchange(ref _answered, 1) == 0;

    public void GiveUp() => _given.Cancel();

    public void Dispose()
    {
        _deadline?.Dispose();
        _given.Dispose();
    }
}
