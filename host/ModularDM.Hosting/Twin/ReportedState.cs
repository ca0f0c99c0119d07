using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// What the device wants to have reported, and what the hub has acknowledged. The difference of the two is the outbox: it needs no queue, it cannot grow
/// without bound, and a report that was overtaken by a newer one is never sent. May be used from any thread.
/// </summary>
internal sealed class ReportedState(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SectionName, ReportedSection> _sections = [];
    private readonly HashSet<string> _vendorsToClear = [];
    private int _foreignSize;
    private long _sequence;

    /// <summary>Raised, outside the lock, after something became due.</summary>
    public event Action? Due;

    /// <summary>Sets what a section says and its status, in one step; null leaves that half as it is.</summary>
    /// <returns>The point to wait for with <see cref="WhenAcknowledged"/>; and the error, when the report is over the hub's limits and only that is reported.</returns>
    public (long Point, SectionError? Error) Set(SectionName name, SectionReport? report, SectionStatus? status)
    {
        SectionError? error;
        long point;
        lock (_gate)
        {
            ReportedSection section = Section(name);
            if (report is not null)
            {
                section.Body = report.Utf8Json;
            }

            section.Status = status ?? section.Status;
            section.Wanted = ReportedJson.Compose(section.Body, section.Status);
            int all = _foreignSize;
            foreach (ReportedSection each in _sections.Values)
            {
                all += each.Size;
            }

            error = ReportLimits.Check(name, section.Wanted, all - section.Size, out int size);
            section.Size = error is null ? size : 0;
            if (error is not null)
            {
                section.Fail(error, clock.GetLocalNow());
            }

            point = Touch(section);
        }

        Due?.Invoke();
        return (point, error);
    }

    /// <summary>Sets values of the runtime's own, which have no status (<c>modularDM.version</c>), all in one patch.</summary>
    public void SetValues(IReadOnlyList<(SectionName Name, byte[] Json)> values)
    {
        bool changed = false;
        lock (_gate)
        {
            foreach ((SectionName name, byte[] json) in values)
            {
                ReportedSection section = Section(name);
                if (section.Wanted is { } wanted && wanted.AsSpan().SequenceEqual(json))
                {
                    continue;
                }

                section.Wanted = json;
                Touch(section);
                changed = true;
            }
        }

        if (changed)
        {
            Due?.Invoke();
        }
    }

    /// <summary>How many sections the hub has not acknowledged as they are wanted.</summary>
    public int DueCount
    {
        get
        {
            lock (_gate)
            {
                return _sections.Values.Count(section => section.IsDue);
            }
        }
    }

    /// <summary>Takes a section out of the report.</summary>
    public void Remove(SectionName name)
    {
        lock (_gate)
        {
            ReportedSection section = Section(name);
            (section.Body, section.Status, section.Wanted) = (default, null, null);
            Touch(section);
        }

        Due?.Invoke();
    }

    /// <summary>Takes a vendor's whole node out of the report, in a patch of its own.</summary>
    public void Clear(string vendor)
    {
        lock (_gate)
        {
            foreach ((SectionName name, ReportedSection section) in _sections)
            {
                if (name.Vendor == vendor)
                {
                    (section.Body, section.Status, section.Wanted) = (default, null, null);
                    Touch(section);
                }
            }

            _vendorsToClear.Add(vendor);
        }

        Due?.Invoke();
    }

    public SectionStatus? StatusOf(SectionName name)
    {
        lock (_gate)
        {
            return _sections.TryGetValue(name, out ReportedSection? section) ? section.Status : null;
        }
    }

    /// <summary>The wanted report where the hub has not acknowledged it; null where it has, or where there is none.</summary>
    public byte[]? Unacknowledged(SectionName name)
    {
        lock (_gate)
        {
            return _sections.TryGetValue(name, out ReportedSection? section) && section.Wanted is { } wanted
                && (section.Acknowledged is not { } known || !known.AsSpan().SequenceEqual(wanted)) ? wanted : null;
        }
    }

    /// <summary>Puts back a report of an earlier run that the hub had not acknowledged.</summary>
    public void Restore(SectionName name, string json)
    {
        lock (_gate)
        {
            ReportedSection section = Section(name);
            section.Wanted = System.Text.Encoding.UTF8.GetBytes(json);
            (section.Body, section.Status) = ReportedJson.Split(section.Wanted);
            section.Restored = true;
            Touch(section);
        }
    }

    /// <summary>Takes what the hub says is reported, for the sections that <paramref name="ours"/> names; the rest is only measured.</summary>
    public void SetAcknowledged(ReadOnlyMemory<byte> reported, Func<SectionName, bool> ours)
    {
        lock (_gate)
        {
            foreach (ReportedSection section in _sections.Values)
            {
                section.Acknowledged = null;
                section.IsDue = section.Touched;
            }

            using var document = JsonDocument.Parse(reported);
            _foreignSize = 0;
            foreach (JsonProperty vendor in document.RootElement.EnumerateObject())
            {
                if (vendor.Name.StartsWith('$'))
                {
                    continue;
                }

                if (vendor.Value.ValueKind != JsonValueKind.Object)
                {
                    _foreignSize += TwinLimits.Measure(vendor.Value);
                    continue;
                }

                foreach (JsonProperty member in vendor.Value.EnumerateObject())
                {
                    var name = new SectionName(vendor.Name, member.Name);
                    if (!ours(name))
                    {
                        _foreignSize += TwinLimits.Measure(member.Value);
                        continue;
                    }

                    Section(name).TakeHubs(JsonSerializer.SerializeToUtf8Bytes(member.Value));
                }
            }
        }

        Due?.Invoke();
    }

    /// <summary>The patch that is due; null when the hub has all that is wanted. Hand it to <see cref="Commit"/> when the hub has it.</summary>
    public ReportPatch? Take()
    {
        lock (_gate)
        {
            if (_vendorsToClear.Count > 0)
            {
                return TakeClear();
            }

            var due = new List<KeyValuePair<SectionName, ReportedSection>>();
            foreach (KeyValuePair<SectionName, ReportedSection> pair in _sections)
            {
                if (pair.Value.IsDue)
                {
                    due.Add(pair);
                }
            }

            // The sections of a vendor beside each other, as they go into its object.
            due.Sort(static (a, b) => string.CompareOrdinal(a.Key.Vendor, b.Key.Vendor));
            return due.Count > 0 ? Take(due) : null;
        }
    }

    /// <summary>One section's share of what is due, alone.</summary>
    public ReportPatch? TakeOne(SectionName name)
    {
        lock (_gate)
        {
            return _sections.TryGetValue(name, out ReportedSection? section) && section.IsDue ? Take([KeyValuePair.Create(name, section)]) : null;
        }
    }

    /// <summary>The hub has the patch.</summary>
    public void Commit(ReportPatch patch)
    {
        lock (_gate)
        {
            if (patch.ClearedVendor is { } vendor)
            {
                foreach ((SectionName name, ReportedSection section) in _sections)
                {
                    if (name.Vendor == vendor)
                    {
                        section.Acknowledged = null;
                        section.IsDue = section.Wanted is not null;
                    }
                }

                _vendorsToClear.Remove(vendor);
            }

            foreach (ReportPart part in patch.Parts)
            {
                ReportedSection section = _sections[part.Name];
                section.Acknowledged = part.Wanted;
                section.AcknowledgedSequence = part.Sequence;
                section.IsDue = section.Sequence > part.Sequence;
                section.Complete();
            }
        }
    }

    /// <summary>The hub will never take this section's report: say so in its place.</summary>
    public void Refuse(SectionName name, SectionError error)
    {
        lock (_gate)
        {
            ReportedSection section = Section(name);
            section.Fail(error, clock.GetLocalNow());
            Touch(section);
        }
    }

    /// <summary>Ends when the hub has acknowledged what was set at <paramref name="point"/>, or something newer.</summary>
    public Task WhenAcknowledged(SectionName name, long point, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ReportedSection section = Section(name);
            if (section.AcknowledgedSequence >= point)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            section.Waiters.Add((point, done));
            return done.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Every section with a status, for the summary.</summary>
    public IReadOnlyList<(SectionName Name, SectionStatus Status)> Statuses()
    {
        lock (_gate)
        {
            return [.. _sections.Where(pair => pair.Value.Status is not null).Select(pair => (pair.Key, pair.Value.Status!))];
        }
    }

    private static ReportPatch? Take(List<KeyValuePair<SectionName, ReportedSection>> due)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer);
        var parts = new List<ReportPart>(due.Count);
        string? open = null;
        writer.WriteStartObject();
        foreach ((SectionName name, ReportedSection section) in due)
        {
            if (!ReportedJson.TryDiff(section.Acknowledged, section.Wanted, out byte[] diff))
            {
                section.IsDue = false;
                section.Acknowledged = section.Wanted;
                section.Complete();
                continue;
            }

            if (open != name.Vendor)
            {
                if (open is not null)
                {
                    writer.WriteEndObject();
                }

                writer.WriteStartObject(name.Vendor);
                open = name.Vendor;
            }

            writer.WritePropertyName(name.Section);
            writer.WriteRawValue(diff, skipInputValidation: true);
            parts.Add(new ReportPart(name, section.Wanted, section.Sequence, section.Cause));
        }

        if (parts.Count == 0)
        {
            return null;
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return new ReportPatch(buffer.WrittenMemory, parts, null);
    }

    private ReportPatch TakeClear()
    {
        string vendor = _vendorsToClear.First();
        byte[] json = ReportedJson.NullMember(vendor);
        return new ReportPatch(json, [.. _sections.Where(pair => pair.Key.Vendor == vendor && pair.Value.Wanted is null)
            .Select(pair => new ReportPart(pair.Key, null, pair.Value.Sequence, default))], vendor);
    }

    private ReportedSection Section(SectionName name)
    {
        if (!_sections.TryGetValue(name, out ReportedSection? section))
        {
            _sections[name] = section = new ReportedSection();
        }

        return section;
    }

    private long Touch(ReportedSection section)
    {
        section.Touch(++_sequence);
        return _sequence;
    }
}
