using ModularDM.Hub.Local.Query;

namespace ModularDM.Hub.Local.Configurations;

/// <summary>A configuration as services wrote it. Immutable: a change is a new one.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Labels">Texts by name, as JSON; for services alone.</param>
/// <param name="Content">What it sets.</param>
/// <param name="TargetCondition">Which twins, as it was written; empty for none.</param>
/// <param name="Priority">The greater number wins where two set the same; among equals the newer configuration.</param>
/// <param name="Metrics">Queries whose results are counted, by name.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Updated">When it was last changed.</param>
/// <param name="ETag">Its state's number.</param>
internal sealed record ConfigurationDefinition(
    string Id,
    byte[] Labels,
    ConfigurationContent Content,
    string TargetCondition,
    int Priority,
    IReadOnlyDictionary<string, string> Metrics,
    DateTimeOffset Created,
    DateTimeOffset Updated,
    long ETag)
{
    /// <summary>Reads which twins; <see langword="null"/> for none.</summary>
    public QueryTarget? ReadTarget() => TargetCondition.Length == 0 ? null : QueryParser.ParseTarget(TargetCondition);
}

/// <summary>What a run counted.</summary>
internal sealed record ConfigurationResults(int Targeted, int Applied, IReadOnlyDictionary<string, int> Metrics)
{
    public static ConfigurationResults None { get; } = new(0, 0, new Dictionary<string, int>());
}

/// <summary>A configuration in memory.</summary>
internal sealed class Configuration(ConfigurationDefinition definition)
{
    private volatile ConfigurationDefinition definition = definition;
    private volatile ConfigurationResults results = ConfigurationResults.None;

    public ConfigurationDefinition Definition
    {
        get => definition;
        set => definition = value;
    }

    /// <summary>What the last run counted.</summary>
    public ConfigurationResults Results
    {
        get => results;
        set => results = value;
    }
}

/// <summary>What configurations did to one twin. Immutable.</summary>
/// <param name="Settings">The desired properties that are theirs, as JSON.</param>
/// <param name="Applied">The configurations that target the twin, and whether each decides at least one setting.</param>
internal sealed record ConfigurationState(byte[] Settings, IReadOnlyDictionary<string, bool> Applied);
