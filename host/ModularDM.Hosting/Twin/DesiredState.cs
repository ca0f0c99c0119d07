using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using ModularDM.Contracts.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// What the hub wants, section by section as UTF-8, for the sections that have an owner here. The rest of a vendor's node is the application's and is left
/// alone, except under the core vendors, where a section nobody owns is a mistake to be named. Used from the engine's loop alone.
/// </summary>
internal sealed class DesiredState
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, SectionName>> _owned;
    private readonly FrozenDictionary<string, FrozenDictionary<string, SectionName>>.AlternateLookup<ReadOnlySpan<char>> _vendors;
    private readonly Dictionary<SectionName, byte[]> _sections = [];
    private readonly HashSet<string> _collapsed = new(StringComparer.Ordinal);
    private readonly SortedSet<SectionName> _unknown = new(Comparer<SectionName>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString())));

    /// <summary>Cares for <paramref name="owned"/>.</summary>
    /// <param name="owned">The sections that have an owner.</param>
    /// <param name="closedVendors">The vendors under which every section must have one: the core vendor and <c>modularDM</c>.</param>
    public DesiredState(IEnumerable<SectionName> owned, IEnumerable<string> closedVendors)
    {
        ClosedVendors = closedVendors.ToFrozenSet(StringComparer.Ordinal);
        _owned = owned.GroupBy(name => name.Vendor).ToFrozenDictionary(
            vendor => vendor.Key,
            vendor => vendor.ToFrozenDictionary(name => name.Section, StringComparer.Ordinal),
            StringComparer.Ordinal);
        _vendors = _owned.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many owned sections are in desired.</summary>
    public int Count => _sections.Count;

    public FrozenSet<string> ClosedVendors { get; }

    /// <summary>Sections under closed vendors that nobody owns; a section of "" is the vendor's node itself, when it is not an object.</summary>
    public IReadOnlyCollection<SectionName> Unknown => _unknown;

    /// <summary>The whole section; null when it is not in desired.</summary>
    public ReadOnlyMemory<byte>? this[SectionName name] => _sections.TryGetValue(name, out byte[]? value) ? new ReadOnlyMemory<byte>(value) : default(ReadOnlyMemory<byte>?);

    /// <summary>Puts back what an earlier run saw, before the hub is reached.</summary>
    public void Restore(SectionName name, string json) => _sections[name] = Encoding.UTF8.GetBytes(json);

    /// <summary>Takes the whole desired document. Returns the sections whose value is not what it was, removed ones too.</summary>
    public List<SectionChange> Replace(ReadOnlyMemory<byte> document)
    {
        var changes = new List<SectionChange>();
        var present = new HashSet<SectionName>();
        _unknown.Clear();
        _collapsed.Clear();
        var splitter = new TwinSplitter(document, stackalloc char[2048]);
        while (splitter.MoveNext())
        {
            if (Find(ref splitter, removing: false) is not { } name)
            {
                continue;
            }

            present.Add(name);
            if (!_sections.TryGetValue(name, out byte[]? old) || !JsonEqual(old, splitter.Value))
            {
                byte[] value = splitter.Value.ToArray();
                _sections[name] = value;
                changes.Add(new SectionChange(name, value, []));
            }
        }

        foreach (SectionName gone in _sections.Keys.Where(name => !present.Contains(name) && !_unknown.Contains(new SectionName(name.Vendor, ""))).ToArray())
        {
            _sections.Remove(gone);
            changes.Add(new SectionChange(gone, null, []));
        }

        return changes;
    }

    /// <summary>Merges a desired patch. Returns every section that it mentions, changed or not: an operator who sends a value again wants it applied again.</summary>
    /// <param name="patch">One JSON object, UTF-8.</param>
    /// <param name="fetchWhole">
    /// True when the hub's document may have lost sections that the patch does not name: a vendor's node that was no object has become one again.
    /// </param>
    public List<SectionChange> Merge(ReadOnlyMemory<byte> patch, out bool fetchWhole)
    {
        fetchWhole = false;
        var changes = new List<SectionChange>();
        var splitter = new TwinSplitter(patch, stackalloc char[2048]);
        while (splitter.MoveNext())
        {
            bool removing = splitter.Kind == JsonTokenType.Null;
            if (_collapsed.Count > 0 && (!splitter.Section.IsEmpty || splitter.Kind == JsonTokenType.StartObject) && _collapsed.Remove(splitter.Vendor.ToString()))
            {
                _unknown.Remove(new SectionName(splitter.Vendor.ToString(), ""));
                fetchWhole = true;
            }

            if (splitter.Section.IsEmpty && removing)
            {
                RemoveVendor(splitter.Vendor, changes);
                continue;
            }

            if (Find(ref splitter, removing) is not { } name)
            {
                continue;
            }

            if (removing)
            {
                if (_sections.Remove(name))
                {
                    changes.Add(new SectionChange(name, null, []));
                }

                continue;
            }

            byte[] value = _sections.TryGetValue(name, out byte[]? old) ? MergePatch.Apply(old, splitter.Value) : MergePatch.Apply("{}"u8.ToArray(), splitter.Value);
            _sections[name] = value;
            changes.Add(new SectionChange(name, value, ChangedPaths.Of(splitter.Value)));
        }

        return changes;
    }

    private SectionName? Find(ref TwinSplitter splitter, bool removing)
    {
        if (splitter.Section.IsEmpty && splitter.Kind == JsonTokenType.StartObject)
        {
            return null;
        }

        if (splitter.Section.IsEmpty)
        {
            // A vendor's node that is no object holds no sections. What was there stays as it is, and the mistake is named.
            string vendor = splitter.Vendor.ToString();
            _collapsed.Add(vendor);
            if (ClosedVendors.Contains(vendor) && !IsRefreshing(splitter.Value))
            {
                _unknown.Add(new SectionName(vendor, ""));
            }

            return null;
        }

        if (_vendors.TryGetValue(splitter.Vendor, out FrozenDictionary<string, SectionName>? sections)
            && sections.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(splitter.Section, out SectionName name))
        {
            return name;
        }

        if (ClosedVendors.GetAlternateLookup<ReadOnlySpan<char>>().Contains(splitter.Vendor))
        {
            var unknown = new SectionName(splitter.Vendor.ToString(), splitter.Section.ToString());
            _ = removing ? _unknown.Remove(unknown) : _unknown.Add(unknown);
        }

        return null;
    }

    private void RemoveVendor(ReadOnlySpan<char> vendor, List<SectionChange> changes)
    {
        string name = vendor.ToString();
        _unknown.RemoveWhere(unknown => unknown.Vendor == name);
        foreach (SectionName gone in _sections.Keys.Where(section => section.Vendor == name).ToArray())
        {
            _sections.Remove(gone);
            changes.Add(new SectionChange(gone, null, []));
        }
    }

    /// <summary>True for the word with which the original's tools force a change event; it asks for nothing (original client contract, 2.8).</summary>
    public static bool IsRefreshing(ReadOnlyMemory<byte> value) => value.Span.SequenceEqual("\"refreshing\""u8);

    private static bool JsonEqual(byte[] old, ReadOnlyMemory<byte> now)
    {
        if (now.Span.SequenceEqual(old))
        {
            return true;
        }

        using var a = JsonDocument.Parse(old);
        using var b = JsonDocument.Parse(now);
        return JsonElement.DeepEquals(a.RootElement, b.RootElement);
    }
}

/// <summary>A section that a patch mentioned, or that a full twin showed to be different.</summary>
/// <param name="Name">The section.</param>
/// <param name="Value">The whole section now; null when it left desired.</param>
/// <param name="ChangedPaths">The members the patch touched; empty when the whole section counts as new.</param>
internal sealed record SectionChange(SectionName Name, ReadOnlyMemory<byte>? Value, IReadOnlyList<string> ChangedPaths);
