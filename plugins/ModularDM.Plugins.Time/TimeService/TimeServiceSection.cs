using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Time.TimeService;

/// <summary>The service that keeps the clock. What the hub wants is one of two wishes; the device's own application may have another.</summary>
/// <remarks>Applied at every boot: a service of manual start that is to run now does not survive a power-off by itself.</remarks>
[TwinSection("timeService", ApplyAtBoot = true)]
internal sealed class TimeServiceSection(IPluginContext context) : TwinSection<TimeServiceDesired>(TimeJson.Default.TimeServiceDesired)
{
    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        TimeServiceState state = await context.Configurator.SendAsync(new GetTimeService(), cancellationToken);
        return SectionReport.From(TimeServiceReported.From(state), TimeJson.Default.TimeServiceReported);
    }

    protected override async Task<ApplyResult> ApplyAsync(TimeServiceDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        try
        {
            TimeServiceState current = await context.Configurator.SendAsync(new GetTimeService(), cancellationToken);
            TimeServiceSettings? settings = value.WantedSettings(current.Actual);
            PolicySource priority = value.WantedPriority(current.Priority);
            if (settings is not null || priority != current.Priority)
            {
                // Sent even if the service is already so: root keeps the wish apart from the state, for when the priority changes.
                await context.Configurator.SendAsync(
                    new SetTimeService { Settings = settings, Source = PolicySource.Remote, Priority = priority }, cancellationToken);
            }

            return ApplyResult.Completed;
        }
        catch (ConfiguratorException e)
        {
            SectionError error = SectionError.From(e);
            return e.Code == ConfiguratorErrorCode.InvalidArgument ? ApplyResult.Rejected(error) : ApplyResult.Failed(error);
        }
    }
}
