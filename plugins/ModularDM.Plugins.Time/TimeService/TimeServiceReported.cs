using ModularDM.Contracts.Configurator;

namespace ModularDM.Plugins.Time.TimeService;

/// <summary>The section <c>timeService</c> as it is reported: always the actual state, whichever source won.</summary>
internal sealed record TimeServiceReported(string Enabled, string Startup, string Started, string SourcePriority)
{
    public static TimeServiceReported From(TimeServiceState state)
    {
        TimeServiceSettings actual = state.Actual;
        string priority = state.Priority == PolicySource.Local ? TimeServiceWords.Local : TimeServiceWords.Remote;
        return actual.Enabled
            ? new TimeServiceReported(
                TimeServiceWords.Yes,
                actual.Startup == ServiceStartup.Auto ? TimeServiceWords.Auto : TimeServiceWords.Manual,
                actual.Started ? TimeServiceWords.Yes : TimeServiceWords.No,
                priority)
            : new TimeServiceReported(TimeServiceWords.No, TimeServiceWords.NotApplicable, TimeServiceWords.NotApplicable, priority);
    }
}
