using System.Diagnostics;
using ModularDM.Contracts;

namespace ModularDM.Hosting.Twin;

/// <summary>One section's side of <see cref="ReportedState"/>, guarded by its lock.</summary>
internal sealed class ReportedSection
{
    public ReadOnlyMemory<byte> Body { get; set; }

    public SectionStatus? Status { get; set; }

    /// <summary>What the section should say; null when it should not be there.</summary>
    public byte[]? Wanted { get; set; }

    /// <summary>What the hub is known to have; null when it has nothing, or before that is known.</summary>
    public byte[]? Acknowledged { get; set; }

    public bool IsDue { get; set; }

    /// <summary>True when this run said something of it; otherwise the hub's word stands.</summary>
    public bool Touched { get; set; }

    /// <summary>True until the hub was asked: the report comes from an earlier run and may be older than the hub's.</summary>
    public bool Restored { get; set; }

    public int Size { get; set; }

    public long Sequence { get; set; }

    /// <summary>The span that caused the newest change.</summary>
    public ActivityContext Cause { get; set; }

    public long AcknowledgedSequence { get; set; }

    public List<(long Point, TaskCompletionSource Done)> Waiters { get; } = [];

    /// <summary>Something new is to be said.</summary>
    public void Touch(long sequence)
    {
        (Touched, IsDue, Sequence) = (true, true, sequence);
        Cause = Activity.Current?.Context ?? default;
    }

    /// <summary>Says a failure in the report's place.</summary>
    public void Fail(SectionError error, DateTimeOffset time)
    {
        Body = default;
        Status = SectionStatus.Failed(time, Status?.Version, Status?.TraceId, [error]);
        Wanted = ReportedJson.Compose(Body, Status);
    }

    /// <summary>Takes what the hub has. Where nothing newer is known here, that is the report.</summary>
    public void TakeHubs(byte[] hub)
    {
        Acknowledged = hub;
        (ReadOnlyMemory<byte> body, SectionStatus? status) = ReportedJson.Split(hub);
        bool newer = Touched && (!Restored || Status is null || status is null || Status.Time >= status.Time);
        Restored = false;
        if (newer)
        {
            return;
        }

        (Body, Status, Wanted, Size) = (body, status, hub, hub.Length);
        IsDue = false;
        Complete();
    }

    /// <summary>Lets those go who waited for what the hub has by now.</summary>
    public void Complete()
    {
        if (!IsDue)
        {
            AcknowledgedSequence = Sequence;
        }

        Waiters.RemoveAll(waiter => waiter.Point <= AcknowledgedSequence && waiter.Done.TrySetResult());
    }
}
