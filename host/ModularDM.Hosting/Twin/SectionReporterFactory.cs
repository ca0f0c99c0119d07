using System.Diagnostics;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins;

namespace ModularDM.Hosting.Twin;

internal sealed class SectionReporterFactory(ReportedState reported, TimeProvider clock, IOptions<PluginsOptions> options) : ISectionReporterFactory
{
    public ITwinReporter For(string pluginId, IReadOnlySet<SectionName> owned) => new Reporter(pluginId, owned, options.Value.CoreVendor, reported, clock);

    private sealed class Reporter(string pluginId, IReadOnlySet<SectionName> owned, string coreVendor, ReportedState reported, TimeProvider clock) : ITwinReporter
    {
        public Task ReportAsync(string section, SectionReport report, CancellationToken cancellationToken) => ReportAsync(section, report, null, cancellationToken);

        Task ITwinReporter.ReportAsync(string section, SectionReport report, ApplyResult result, CancellationToken cancellationToken) =>
            ReportAsync(section, report, SectionStatus.From(result, clock.GetLocalNow(), null, Activity.Current?.TraceId.ToString()), cancellationToken);

        private Task ReportAsync(string section, SectionReport report, SectionStatus? status, CancellationToken cancellationToken)
        {
            SectionName name = SectionName.Parse(section, coreVendor);
            if (!owned.Contains(name))
            {
                throw new ArgumentException($"Plugin {pluginId} does not own section {name}; it owns {string.Join(", ", owned)}.", nameof(section));
            }

            (long point, SectionError? error) = reported.Set(name, report, status);
            return error is null ? reported.WhenAcknowledged(name, point, cancellationToken) : throw new ArgumentException(error.ToString(), nameof(report));
        }
    }
}
