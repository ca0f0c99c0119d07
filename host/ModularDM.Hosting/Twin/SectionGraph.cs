using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>Which section comes after which. A cycle is refused by name, and only its members; everything else keeps its order.</summary>
internal sealed class SectionGraph
{
    private readonly Dictionary<SectionName, SectionName[]> _after;
    private readonly Dictionary<SectionName, string> _cycles = [];

    public SectionGraph(IEnumerable<ISectionOwner> owners)
    {
        ISectionOwner[] all = [.. owners];
        HashSet<SectionName> known = [.. all.Select(owner => owner.Name)];

        // A section that nobody owns here cannot fail here: it orders nothing.
        _after = all.ToDictionary(owner => owner.Name, owner => owner.After.Where(known.Contains).Distinct().ToArray());
        foreach (SectionName name in known)
        {
            if (FindWayBack(name) is { } way)
            {
                _cycles[name] = string.Join(" -> ", way);
            }
        }

        var order = new List<SectionName>();
        var done = new HashSet<SectionName>();
        foreach (SectionName name in known.OrderBy(n => n.ToString(), StringComparer.Ordinal))
        {
            Visit(name, done, order);
        }

        Order = order;
    }

    /// <summary>All sections, each behind those it comes after.</summary>
    public IReadOnlyList<SectionName> Order { get; }

    public IReadOnlyList<SectionName> After(SectionName name) => _cycles.ContainsKey(name) ? [] : _after[name];

    /// <summary>Why the section is refused; null when it is in no cycle.</summary>
    public SectionError? CycleOf(SectionName name) => _cycles.TryGetValue(name, out string? way)
        ? new SectionError("", $"the sections wait for each other: {way}. Their plugins' After must not form a circle.", ErrorCodes.DependencyFailed)
        : null;

    private void Visit(SectionName name, HashSet<SectionName> done, List<SectionName> order)
    {
        if (!done.Add(name))
        {
            return;
        }

        foreach (SectionName before in _after[name])
        {
            Visit(before, done, order);
        }

        order.Add(name);
    }

    private List<SectionName>? FindWayBack(SectionName start)
    {
        var cameFrom = new Dictionary<SectionName, SectionName>();
        var open = new Queue<SectionName>([start]);
        while (open.TryDequeue(out SectionName at))
        {
            foreach (SectionName next in _after[at])
            {
                if (next == start)
                {
                    List<SectionName> way = [start];
                    for (SectionName step = at; step != start; step = cameFrom[step])
                    {
                        way.Insert(0, step);
                    }

                    way.Insert(0, start);
                    return way;
                }

                if (cameFrom.TryAdd(next, at))
                {
                    open.Enqueue(next);
                }
            }
        }

        return null;
    }
}
