using System.Text.Json;

namespace ModularDM.Contracts.Twin;

/// <summary>What the hub wants of one section.</summary>
/// <param name="Name">The section.</param>
/// <param name="Value">The whole section. Undefined when <paramref name="Removed"/>. Valid during the call only; clone what outlives it.</param>
/// <param name="Version">The <c>$version</c> of the desired properties it came with.</param>
/// <param name="ChangedPaths">The members that the newest patch touched, as <c>schedule.start</c>; empty when the whole section is to be taken as new.</param>
/// <param name="Removed">True when the section left desired. Called once; leave the device alone unless leaving is a statement of its own.</param>
public sealed record SectionDesired(SectionName Name, JsonElement Value, long Version, IReadOnlyList<string> ChangedPaths, bool Removed);
