using System.Text.Json.Serialization;

namespace ModularDM.Hosting.Twin;

/// <summary>What the device remembers of its twin between two runs. The hub holds the truth; losing this costs one idempotent apply of every section.</summary>
internal sealed record TwinState
{
    public static TwinState Empty { get; } = new();

    /// <summary>
    /// True when the runtime stopped in good order after this was written. If not, a section may have been applied later than this tells, and the hub may have
    /// turned it back since: equal hashes then prove nothing.
    /// </summary>
    public bool Clean { get; init; }

    /// <summary>By full section name.</summary>
    public Dictionary<string, StoredSection> Sections { get; init; } = [];
}

/// <summary>One section's memory.</summary>
internal sealed record StoredSection
{
    /// <summary>The desired value last seen, JSON text; null when the section is not in desired, or when it holds secrets.</summary>
    public string? Desired { get; init; }

    /// <summary>Hash of the desired value that was last applied, whatever came out; null when none was.</summary>
    public string? AppliedHash { get; init; }

    /// <summary>True when that apply completed.</summary>
    public bool Completed { get; init; }

    /// <summary>The report that the hub had not acknowledged, JSON text; null when it had.</summary>
    public string? Unacknowledged { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(TwinState))]
internal sealed partial class TwinStateJson : JsonSerializerContext;
