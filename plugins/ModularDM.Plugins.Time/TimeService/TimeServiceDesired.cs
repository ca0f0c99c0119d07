using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Json;

namespace ModularDM.Plugins.Time.TimeService;

/// <summary>The section <c>timeService</c>: words in any letter case. Every member may be absent, and is then left as the device has it.</summary>
internal sealed record TimeServiceDesired : IValidated
{
    public string? Enabled { get; init; }

    public string? Startup { get; init; }

    public string? Started { get; init; }

    public string? SourcePriority { get; init; }

    /// <summary>What the section wants of the service; null when it speaks of the priority alone.</summary>
    public TimeServiceSettings? WantedSettings(TimeServiceSettings actual) =>
        Given(Enabled) is null && Given(Startup) is null && Given(Started) is null
            ? null
            : new TimeServiceSettings
            {
                Enabled = Given(Enabled) is { } enabled ? Is(enabled, TimeServiceWords.Yes) : actual.Enabled,
                Startup = Given(Startup) is { } startup ? Is(startup, TimeServiceWords.Manual) ? ServiceStartup.Manual : ServiceStartup.Auto : actual.Startup,
                Started = Given(Started) is { } started ? Is(started, TimeServiceWords.Yes) : actual.Started,
            };

    /// <summary>Whose wish counts first.</summary>
    public PolicySource WantedPriority(PolicySource current) =>
        Given(SourcePriority) is { } word ? Is(word, TimeServiceWords.Local) ? PolicySource.Local : PolicySource.Remote : current;

    IEnumerable<SectionError> IValidated.Validate() => new[]
    {
        Check("enabled", Enabled, TimeServiceWords.Yes, TimeServiceWords.No),
        Check("startup", Startup, TimeServiceWords.Auto, TimeServiceWords.Manual),
        Check("started", Started, TimeServiceWords.Yes, TimeServiceWords.No),
        Check("sourcePriority", SourcePriority, TimeServiceWords.Local, TimeServiceWords.Remote),
    }.OfType<SectionError>();

    private static SectionError? Check(string path, string? word, string one, string other) =>
        Given(word) is null || Is(word!, one) || Is(word!, other)
            ? null
            : new SectionError(path, $"expected {one} or {other}", ErrorCodes.InvalidDesiredJsonValue);

    // "n/a" is what a disabled service reports; a tool that sends the report back means nothing by it.
    private static string? Given(string? word) => Sentinel.Drop(word) is { } given && !Is(given, TimeServiceWords.NotApplicable) ? given : null;

    private static bool Is(string word, string expected) => string.Equals(word, expected, StringComparison.OrdinalIgnoreCase);
}
