using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>All sections of this device: their desired values, and a worker for each.</summary>
internal sealed class SectionTable : IDisposable
{
    private readonly Dictionary<SectionName, SectionWorker> _workers;
    private readonly Dictionary<SectionName, int> _place;
    private readonly HashSet<SectionName> _reportOnly;
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Makes the table.</summary>
    /// <param name="owners">Every section's owner.</param>
    /// <param name="reportOnly">Sections that are reported by methods and never desired (<c>rebootCmd</c>).</param>
    /// <param name="closedVendors">See <see cref="DesiredState"/>.</param>
    /// <param name="reported">Receives the reports.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">For the workers.</param>
    public SectionTable(
        IEnumerable<ISectionOwner> owners, IEnumerable<SectionName> reportOnly, IReadOnlyList<string> closedVendors, ReportedState reported, TimeProvider clock, ILogger logger)
    {
        ISectionOwner[] all = [.. owners];
        var graph = new SectionGraph(all);
        _workers = all.ToDictionary(owner => owner.Name, owner => new SectionWorker(owner, reported, clock, logger, _stopping.Token) { Refusal = graph.CycleOf(owner.Name) });
        foreach (SectionWorker worker in _workers.Values)
        {
            worker.Before = [.. graph.After(worker.Name).Select(name => _workers[name])];
            worker.Settled += settled => Settled?.Invoke(settled);
            worker.TurnedPending += () => TurnedPending?.Invoke();
        }

        InOrder = [.. graph.Order.Select(name => _workers[name])];
        _place = graph.Order.Select((name, place) => (name, place)).ToDictionary(pair => pair.name, pair => pair.place);
        _reportOnly = [.. reportOnly];
        Desired = new DesiredState(_workers.Keys, closedVendors);
    }

    /// <summary>Raised after a section's value was applied, whatever came out.</summary>
    public event Action<SectionWorker>? Settled;

    /// <summary>Raised after a section that takes its time was reported pending.</summary>
    public event Action? TurnedPending;

    public DesiredState Desired { get; }

    /// <summary>Every worker, each behind those it comes after.</summary>
    public IReadOnlyList<SectionWorker> InOrder { get; }

    /// <summary>Tells whether the long work that reports in a section is running now.</summary>
    public Func<SectionName, bool> IsWorkRunning { get; set; } = _ => false;

    public SectionWorker this[SectionName name] => _workers[name];

    /// <summary>True for every name that this runtime reports.</summary>
    public bool IsOurs(SectionName name) => _workers.ContainsKey(name) || _reportOnly.Contains(name) || name.Vendor == RuntimeReport.Vendor;

    /// <summary>The changes in the order in which they are to be begun.</summary>
    public IEnumerable<SectionChange> Sort(IReadOnlyList<SectionChange> changes) => changes.Count < 2 ? changes : changes.OrderBy(change => _place[change.Name]);

    /// <summary>Sections whose last apply failed because they come after <paramref name="worker"/>.</summary>
    public IEnumerable<SectionWorker> WaitingFor(SectionWorker worker) => InOrder.Where(
        waiting => waiting.Before.Contains(worker) && waiting.Result?.Errors.Any(error => error.Code == ErrorCodes.DependencyFailed) == true);

    /// <summary>What an earlier run began and did not end is not pending: it failed, unless it is about to be applied again.</summary>
    public void EndInterruptedWork(ReportedState reported, TimeProvider clock, IReadOnlySet<SectionName> aboutToBeApplied)
    {
        foreach ((SectionName name, SectionStatus status) in reported.Statuses())
        {
            if (status.State != SectionState.Pending || !IsOurs(name) || aboutToBeApplied.Contains(name) || IsWorkRunning(name)
                || (_workers.TryGetValue(name, out SectionWorker? worker) && !worker.Idle.IsCompleted))
            {
                continue;
            }

            reported.Set(name, null, SectionStatus.Failed(
                clock.GetLocalNow(), status.Version, status.TraceId, [new SectionError("", "interrupted: the runtime was restarted before this ended", ErrorCodes.Generic)]));
        }
    }

    /// <summary>Stops all workers; those that do not end within the limit are left behind.</summary>
    public async Task StopAsync(TimeSpan limit, TimeProvider clock)
    {
        await _stopping.CancelAsync();
        try
        {
            await Task.WhenAll(InOrder.Select(worker => worker.Idle)).WaitAsync(limit, clock);
        }
        catch (TimeoutException)
        {
            // The plugin host has a limit of its own for code that does not stop, and says so there.
        }
    }

    public void Dispose()
    {
        foreach (SectionWorker worker in InOrder)
        {
            worker.Dispose();
        }

        _stopping.Dispose();
    }
}
