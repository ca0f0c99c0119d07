using System.Globalization;
using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Events;

/// <summary>What a reader gets in one go.</summary>
/// <param name="Events">What there is behind the reader's place.</param>
/// <param name="Lost">Whether events behind the reader's place are not kept any more.</param>
/// <param name="More">Ends when there is more, or when the log closes.</param>
internal readonly record struct EventPage(IReadOnlyList<HubEvent> Events, bool Lost, Task More);

/// <summary>
/// The hub's newest events, in memory: at most <see cref="MaxEvents"/> and <see cref="MaxBytes"/> of them. Each reader keeps its own place, so that a slow one costs
/// the others nothing; one that falls behind the oldest event is told so. A run of the hub has a name, so that a place in an earlier run is known as such.
/// </summary>
internal sealed class EventLog(TimeProvider time)
{
    public const int MaxEvents = 10_000;
    public const long MaxBytes = 32 * 1024 * 1024;
    private const int PageSize = 256;
    private readonly Lock gate = new();
    private readonly HubEvent[] ring = new HubEvent[MaxEvents];
    private readonly string run = time.GetUtcNow().UtcTicks.ToString("x", CultureInfo.InvariantCulture);
    private TaskCompletionSource more = NewSignal();
    private long first = 1;
    private long last;
    private long bytes;

    /// <summary>Called with each event, in order, where it happens: be quick.</summary>
    public event Action<HubEvent>? Published;

    public bool IsClosed { get; private set; }

    /// <summary>The newest event's number.</summary>
    public long Last
    {
        get
        {
            lock (gate)
            {
                return last;
            }
        }
    }

    public string IdOf(long sequence) => string.Create(CultureInfo.InvariantCulture, $"{run}-{sequence}");

    /// <summary>Reads a place that <see cref="IdOf"/> wrote.</summary>
    /// <param name="id">The text.</param>
    /// <param name="sequence">The place; 0 for one in an earlier run.</param>
    /// <param name="isOfThisRun">Whether the place is one of this run.</param>
    /// <returns>Whether the text has the form of a place.</returns>
    public bool TryParse(string id, out long sequence, out bool isOfThisRun)
    {
        int dash = id.IndexOf('-', StringComparison.Ordinal);
        sequence = 0;
        isOfThisRun = dash > 0 && id.AsSpan(0, dash).SequenceEqual(run);
        bool formed = dash > 0 && long.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
        sequence = isOfThisRun ? sequence : 0;
        isOfThisRun &= sequence <= Last;
        return formed;
    }

    public void Publish(string type, string deviceId, Action<Utf8JsonWriter> write)
    {
        DateTimeOffset now = time.GetUtcNow();
        byte[] data = HubJson.Bytes((type, deviceId, now, write), static (e, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, e.type);
            json.WriteString("time"u8, TwinMetadata.Text(e.now));
            json.WriteString("deviceId"u8, e.deviceId);
            e.write(json);
            json.WriteEndObject();
        });
        lock (gate)
        {
            var happened = new HubEvent(++last, now, type, deviceId, data);
            bytes += data.Length;
            while (last - first >= MaxEvents || (bytes > MaxBytes && first < last))
            {
                bytes -= ring[first % MaxEvents].Data.Length;
                first++;
            }

            ring[last % MaxEvents] = happened;
            TaskCompletionSource before = more;
            more = NewSignal();
            before.SetResult();
            Published?.Invoke(happened);
        }
    }

    public EventPage ReadAfter(long sequence)
    {
        lock (gate)
        {
            long from = Math.Max(sequence + 1, first);
            int count = (int)Math.Min(PageSize, last - from + 1);
            HubEvent[] page = new HubEvent[Math.Max(0, count)];
            for (int i = 0; i < page.Length; i++)
            {
                page[i] = ring[(from + i) % MaxEvents];
            }

            return new EventPage(page, from > sequence + 1, more.Task);
        }
    }

    /// <summary>Ends all readers.</summary>
    public void Close()
    {
        lock (gate)
        {
            IsClosed = true;
            more.TrySetResult();
            more = NewSignal();
            more.SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
