using System.Text.Json;

namespace ModularDM.Hub.Local.Registry;

/// <summary>What was asked to change in one section of a twin, and was changed.</summary>
/// <param name="Section">tags, desired or reported.</param>
/// <param name="Patch">The patch, or the whole new section.</param>
/// <param name="Version">The section's new version; tags have none.</param>
/// <param name="Replaced">Whether the section was replaced rather than patched.</param>
internal sealed record TwinSectionChange(string Section, JsonElement Patch, long? Version, bool Replaced)
{
    public const string Tags = "tags";
    public const string Desired = "desired";
    public const string Reported = "reported";
}
