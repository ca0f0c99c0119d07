using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>Makes the reporter that a plugin's context offers.</summary>
internal interface ISectionReporterFactory
{
    /// <summary>A reporter that accepts the sections in <paramref name="owned"/> and refuses all others.</summary>
    ITwinReporter For(string pluginId, IReadOnlySet<SectionName> owned);
}
