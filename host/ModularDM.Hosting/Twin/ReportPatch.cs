using System.Diagnostics;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>One reported patch on its way.</summary>
/// <param name="Json">The merge patch.</param>
/// <param name="Parts">What it makes true.</param>
/// <param name="ClearedVendor">The vendor whose node it removes; null for an ordinary patch.</param>
internal sealed record ReportPatch(ReadOnlyMemory<byte> Json, IReadOnlyList<ReportPart> Parts, string? ClearedVendor);

/// <summary>A section's share of a patch.</summary>
internal sealed record ReportPart(SectionName Name, byte[]? Wanted, long Sequence, ActivityContext Cause);
