using System.Diagnostics;

namespace ModularDM.Hosting.Twin;

/// <summary>What a section's worker is asked to do.</summary>
/// <param name="Kind">Apply, remove, or only read.</param>
/// <param name="Value">The whole desired section; empty unless it is to be applied.</param>
/// <param name="Version">The desired <c>$version</c>.</param>
/// <param name="ChangedPaths">The members touched since the section was last applied; empty when it counts as new.</param>
/// <param name="Received">When it was asked: the time of <c>lastChange</c>.</param>
/// <param name="Cause">The span of the message behind it.</param>
internal sealed record SectionWork(
    SectionWorkKind Kind, ReadOnlyMemory<byte> Value, long Version, IReadOnlyList<string> ChangedPaths, DateTimeOffset Received, ActivityContext Cause)
{
    /// <summary>The hash of <see cref="Value"/>; null unless it is to be applied.</summary>
    public ValueHash? Hash { get; } = Kind == SectionWorkKind.Apply ? new ValueHash(Value) : null;

    /// <summary>The newest wins; what was still waiting is part of it.</summary>
    public SectionWork Over(SectionWork? waiting) => waiting switch
    {
        null => this,
        _ when Kind == SectionWorkKind.Read => waiting,
        { Kind: SectionWorkKind.Apply } when Kind == SectionWorkKind.Apply => this with
        {
            ChangedPaths = waiting.ChangedPaths.Count == 0 || ChangedPaths.Count == 0 ? [] : [.. waiting.ChangedPaths.Union(ChangedPaths)],
        },
        _ => this,
    };
}

internal enum SectionWorkKind
{
    Apply,
    Remove,
    Read,
}
