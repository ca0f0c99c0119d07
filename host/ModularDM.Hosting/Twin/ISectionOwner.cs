using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>
/// A section as the twin engine sees it: a plugin's, bounded in time and leased, or one of the runtime's own. What a plugin does wrong has become a result by here.
/// </summary>
internal interface ISectionOwner
{
    SectionName Name { get; }

    /// <summary>Who owns it, for spans, logs and status: a plugin id, or <c>modulardm.runtime</c>.</summary>
    string PluginId { get; }

    IReadOnlyList<SectionName> After { get; }

    bool ApplyAtBoot { get; }

    /// <summary>True when the desired value may hold secrets: it is then not kept on disk.</summary>
    bool HoldsSecrets => false;

    /// <summary>Applies; throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> fired.</summary>
    Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken);

    /// <summary>Reads; throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellationToken"/> fired.</summary>
    Task<SectionReading> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>What a read gave: a report, or why there is none.</summary>
/// <param name="Report">What is true; null when it could not be read.</param>
/// <param name="Error">Why not.</param>
internal sealed record SectionReading(SectionReport? Report, SectionError? Error = null);
