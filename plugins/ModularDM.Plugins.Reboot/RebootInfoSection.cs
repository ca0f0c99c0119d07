using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Reboot;

/// <summary>When the device booted, when it is to reboot, and what became of the last command.</summary>
[TwinSection("rebootInfo")]
internal sealed class RebootInfoSection(IPluginContext context) : TwinSection<RebootInfoDesired>(RebootJson.Default.RebootInfoDesired)
{
    private readonly LastCommandFile _lastCommand = new(context);

    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        RebootSchedule schedule = await context.Configurator.SendAsync(new GetRebootSchedule(), cancellationToken);
        LastCommand? last = await _lastCommand.ReadAsync(cancellationToken);
        if (schedule.LastCommand is { } byRoot && (last is null || byRoot > last.Time.AddMinutes(1)))
        {
            // Root knows of a newer one: the plugin's own folder was emptied, or another plugin asked.
            last = new LastCommand(byRoot, LastCommand.Accepted);
        }

        var reported = new RebootInfoReported(
            ScheduleTime.Format(schedule.LastBoot),
            ScheduleTime.Format(schedule.Single),
            ScheduleTime.Format(schedule.Daily),
            ScheduleTime.Format(last?.Time),
            last?.Status ?? "");
        return SectionReport.From(reported, RebootJson.Default.RebootInfoReported);
    }

    protected override async Task<ApplyResult> ApplyAsync(RebootInfoDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        var schedule = new SetRebootSchedule { Single = ScheduleTime.Read(value.SingleRebootTime), Daily = ScheduleTime.Read(value.DailyRebootTime) };
        try
        {
            await context.Configurator.SendAsync(schedule, cancellationToken);
            return ApplyResult.Completed;
        }
        catch (ConfiguratorException e)
        {
            SectionError error = SectionError.From(e);
            return e.Code == ConfiguratorErrorCode.InvalidArgument ? ApplyResult.Rejected(error) : ApplyResult.Failed(error);
        }
    }
}
