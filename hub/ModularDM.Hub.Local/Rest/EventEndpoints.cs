using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Rest;

/// <summary>The hub's events as a stream that can be taken up again where it broke off: Server-Sent Events. IoT Hub has no such path.</summary>
internal sealed class EventEndpoints(EventLog log, TimeProvider time)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    // A stream must not outlive its caller's token for long; the reader comes again with a new one.
    private static readonly TimeSpan MaxStream = TimeSpan.FromHours(1);

    public void Map(RestApi api, IEndpointRouteBuilder routes) => api.Map(routes, "GET", "/modulardm/events", HubPermissions.ServiceConnect, StreamAsync);

    private async Task StreamAsync(HttpContext context)
    {
        EventFilter filter = EventFilter.From(context.Request.Query);
        string? asked = context.Request.Headers["Last-Event-ID"] is { Count: > 0 } header ? header.ToString() : context.Request.Query["lastEventId"].FirstOrDefault();
        long place = log.Last;
        bool isOfThisRun = true;
        if (asked is not null && !log.TryParse(asked, out place, out isOfThisRun))
        {
            throw HubRefusalException.Invalid("'Last-Event-ID' must be the id of an event of this stream.");
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        var writer = new EventWriter(context.Response.BodyWriter, log);
        writer.Write("retry: 2000\n\n"u8);
        if (!isOfThisRun)
        {
            place = 0;
            writer.Write(place, "gap"u8, "{\"reason\":\"The hub was started since; what happened in between is not kept. Read the twins anew.\"}"u8);
        }

        await FollowAsync(writer, filter, place, resumed: asked is not null, context.RequestAborted);
    }

    private async Task FollowAsync(EventWriter writer, EventFilter filter, long place, bool resumed, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            EventPage page = log.ReadAfter(place);
            if (page.Lost && !resumed)
            {
                writer.Write(place, "dropped"u8, "{\"reason\":\"The reader was too slow; what it missed is not kept any more. Connect again without Last-Event-ID and read the twins anew.\"}"u8);
                await FlushAsync(writer, cancellationToken);
                return;
            }

            if (page.Lost)
            {
                writer.Write(place, "gap"u8, "{\"reason\":\"Some events since Last-Event-ID are not kept any more. Read the twins anew.\"}"u8);
            }

            resumed = false;
            foreach (HubEvent happened in page.Events)
            {
                place = happened.Sequence;
                if (filter.Matches(happened))
                {
                    writer.Write(place, Encoding.ASCII.GetBytes(happened.Type), happened.Data);
                }
            }

            bool over = log.IsClosed || time.GetElapsedTime(started) > MaxStream;
            if (over)
            {
                writer.Write(place, "end"u8, "{\"reason\":\"The hub stops, or the stream is an hour old. Connect again with Last-Event-ID.\"}"u8);
            }

            await FlushAsync(writer, cancellationToken);
            if (over)
            {
                return;
            }

            if (page.Events.Count == 0)
            {
                await WaitAsync(page.More, writer, cancellationToken);
            }
        }
    }

    private async Task WaitAsync(Task more, EventWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await more.WaitAsync(Heartbeat, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            writer.Write(": still here\n\n"u8);
        }
    }

    private static async Task FlushAsync(EventWriter writer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WriteLimit);
        await writer.FlushAsync(limit.Token);
    }

    /// <summary>Writes the stream's lines.</summary>
    private sealed class EventWriter(PipeWriter output, EventLog log)
    {
        public void Write(ReadOnlySpan<byte> text) => output.Write(text);

        public void Write(long place, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
        {
            output.Write(Encoding.ASCII.GetBytes($"id: {log.IdOf(place)}\nevent: "));
            output.Write(type);
            output.Write("\ndata: "u8);
            output.Write(data);
            output.Write("\n\n"u8);
        }

        public async Task FlushAsync(CancellationToken cancellationToken) => await output.FlushAsync(cancellationToken);
    }
}

/// <summary>Which events a reader wants.</summary>
internal sealed record EventFilter(IReadOnlySet<string>? Devices, IReadOnlySet<string>? Types)
{
    /// <exception cref="HubRefusalException">A type is none.</exception>
    public static EventFilter From(IQueryCollection query)
    {
        IReadOnlySet<string>? types = Set(query["type"].SelectMany(t => (t ?? "").Split(',')));
        if (types?.FirstOrDefault(t => !HubEventTypes.All.Contains(t)) is { } unknown)
        {
            throw HubRefusalException.Invalid($"'{unknown}' is no type of event; there are {string.Join(", ", HubEventTypes.All)}.");
        }

        return new EventFilter(Set(query["device"].OfType<string>()), types);
    }

    public bool Matches(HubEvent happened) => Devices?.Contains(happened.DeviceId) != false && Types?.Contains(happened.Type) != false;

    private static HashSet<string>? Set(IEnumerable<string> values)
    {
        var set = values.ToHashSet(StringComparer.Ordinal);
        return set.Count > 0 ? set : null;
    }
}
