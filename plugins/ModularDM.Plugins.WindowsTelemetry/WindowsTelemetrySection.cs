using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.WindowsTelemetry;

/// <summary>How much the operating system tells its maker.</summary>
[TwinSection("windowsTelemetry")]
internal sealed class WindowsTelemetrySection(IPluginContext context)
    : TwinSection<WindowsTelemetryDesired>(WindowsTelemetryJson.Default.WindowsTelemetryDesired)
{
    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        TelemetryLevelState state = await context.Configurator.SendAsync(new GetTelemetryLevel(), cancellationToken);
        // A device on which no level was ever set has none to report; that is no failure.
        return SectionReport.From(
            new WindowsTelemetryReported(state.Level is { } level ? TelemetryWords.WordOf(level) : null), WindowsTelemetryJson.Default.WindowsTelemetryReported);
    }

    protected override async Task<ApplyResult> ApplyAsync(WindowsTelemetryDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        try
        {
            await context.Configurator.SendAsync(new SetTelemetryLevel { Level = TelemetryWords.Find(value.Level)!.Value }, cancellationToken);
            return ApplyResult.Completed;
        }
        catch (ConfiguratorException e)
        {
            return ApplyResult.Failed(SectionError.From(e, "level"));
        }
    }
}
