using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>Some feedback, handed to one reader until it settles it or its lock ends.</summary>
internal sealed record FeedbackBatch(Guid Token, IReadOnlyList<FeedbackRecord> Records);

/// <summary>What senders are still to hear. A record is kept for an hour, and at most <see cref="MaxRecords"/> of them; the oldest go first.</summary>
internal sealed partial class FeedbackQueue
{
    public const int MaxBatch = 64;
    public const int MaxRecords = 10_000;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private readonly Lock gate = new();
    private readonly LinkedList<Entry> entries = new();
    private readonly HubStore store;
    private readonly TimeProvider time;
    private readonly ILogger<FeedbackQueue> logger;
    private TaskCompletionSource changed = NewSignal();
    private long lastSequence;

    public FeedbackQueue(HubStore store, TimeProvider time, ILogger<FeedbackQueue> logger)
    {
        this.store = store;
        this.time = time;
        this.logger = logger;
        foreach ((long sequence, FeedbackRecord record) in store.ReadFeedback())
        {
            entries.AddLast(new Entry(sequence, record));
            lastSequence = sequence;
        }
    }

    private sealed record Entry(long Sequence, FeedbackRecord Record)
    {
        public Guid Token { get; set; }

        public DateTimeOffset LockedUntil { get; set; }
    }

    /// <summary>Adds a record in memory; the caller writes it, with the end of its message.</summary>
    public (long Sequence, FeedbackRecord Record) Add(FeedbackRecord record)
    {
        lock (gate)
        {
            if (entries.Count >= MaxRecords)
            {
                Drop([entries.First!.Value]);
                Dropped(MaxRecords);
            }

            entries.AddLast(new Entry(++lastSequence, record));
            Signal();
            return (lastSequence, record);
        }
    }

    /// <summary>Waits for a batch: 64 records, or fewer once the oldest is as old as <see cref="HubChoices.FeedbackDelay"/>.</summary>
    public async Task<FeedbackBatch> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            TimeSpan wait;
            lock (gate)
            {
                if (TryTake(HubChoices.FeedbackDelay, out wait) is { } batch)
                {
                    return batch;
                }

                signal = changed.Task;
            }

            try
            {
                await signal.WaitAsync(wait, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The oldest record is old enough now, or a lock has ended.
            }
        }
    }

    /// <summary>Takes what there is, however young.</summary>
    public FeedbackBatch? TryTake()
    {
        lock (gate)
        {
            return TryTake(TimeSpan.Zero, out _);
        }
    }

    /// <summary>The reader has heard it.</summary>
    /// <returns>Whether the batch was still the reader's.</returns>
    public bool Complete(Guid token)
    {
        lock (gate)
        {
            Entry[] heard = Held(token);
            Drop(heard);
            return heard.Length > 0;
        }
    }

    /// <summary>The reader gives it back: it is to be heard again.</summary>
    /// <returns>Whether the batch was still the reader's.</returns>
    public bool Release(Guid token)
    {
        lock (gate)
        {
            Entry[] held = Held(token);
            Array.ForEach(held, entry => entry.LockedUntil = default);
            Signal();
            return held.Length > 0;
        }
    }

    private FeedbackBatch? TryTake(TimeSpan age, out TimeSpan wait)
    {
        DateTimeOffset now = time.GetUtcNow();
        Drop([.. entries.TakeWhile(e => e.Record.Ended + Kept <= now)]);
        Entry[] free = [.. entries.Where(e => e.LockedUntil <= now).Take(MaxBatch)];
        if (free.Length == MaxBatch || (free.Length > 0 && now - free[0].Record.Ended >= age))
        {
            var token = Guid.NewGuid();
            foreach (Entry entry in free)
            {
                (entry.Token, entry.LockedUntil) = (token, now + HubChoices.MessageLock);
            }

            wait = default;
            return new FeedbackBatch(token, [.. free.Select(e => e.Record)]);
        }

        DateTimeOffset next = free.Length > 0 ? free[0].Record.Ended + age : entries.Select(e => e.LockedUntil).DefaultIfEmpty(now + Kept).Min();
        wait = next - now;
        return null;
    }

    private Entry[] Held(Guid token)
    {
        DateTimeOffset now = time.GetUtcNow();
        return [.. entries.Where(e => e.Token == token && e.LockedUntil > now)];
    }

    private void Drop(Entry[] over)
    {
        if (over.Length > 0)
        {
            store.Enqueue(new CloudMessageStore.RemoveFeedback([.. over.Select(e => e.Sequence)]));
            Array.ForEach(over, entry => entries.Remove(entry));
        }
    }

    private void Signal()
    {
        TaskCompletionSource before = changed;
        changed = NewSignal();
        before.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody reads the feedback: more than {Most} records wait, and the oldest was dropped")]
    private partial void Dropped(int most);
}
