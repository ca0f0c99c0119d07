using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>Makes the reporter through which one plugin tells the twin of changes of its own.</summary>
internal interface ISectionReporterFactory
{
    /// <summary>The reporter of one plugin. The plugin's context adds the lease; the reporter need not know of it.</summary>
    /// <param name="pluginId">For whom.</param>
    /// <param name="owned">The sections that it may report; any other is an <see cref="ArgumentException"/>.</param>
    ITwinReporter For(string pluginId, IReadOnlySet<SectionName> owned);
}
