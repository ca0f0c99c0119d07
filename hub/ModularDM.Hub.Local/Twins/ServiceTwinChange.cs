using System.Text.Json;

namespace ModularDM.Hub.Local.Twins;

/// <summary>What a service asks of a twin: sections to merge, or to put in the place of what is there. A section that is left out stays.</summary>
internal readonly record struct ServiceTwinChange(JsonElement? Tags, JsonElement? Desired, bool Replace)
{
    /// <exception cref="HubRefusalException">The result breaks a limit.</exception>
    public Twin ApplyTo(Twin twin, DateTimeOffset now) =>
        Replace ? TwinChange.ReplaceService(twin, Tags, Desired, now) : TwinChange.PatchService(twin, Tags, Desired, now);
}
