using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace Contoso.FanControl;

/// <summary>Sets the fan's speed. The hardware forgets it at power-off, so the section is applied at every boot.</summary>
[TwinSection("contoso.fan", ApplyTimeoutSeconds = 5, ApplyAtBoot = true)]
internal sealed class FanSection(IPluginContext context) : TwinSection<FanDesired>(FanJson.Default.FanDesired)
{
    private readonly Fan _fan = new(context);

    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        int pwm = await _fan.ReadPwmAsync(cancellationToken);
        int? rpm = await _fan.ReadRpmAsync(cancellationToken);
        return SectionReport.From(new FanReported(Fan.PercentOf(pwm), pwm, rpm), FanJson.Default.FanReported);
    }

    protected override async Task<ApplyResult> ApplyAsync(FanDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        try
        {
            int pwm = Fan.PwmOf(value.SpeedPercent);
            await _fan.WritePwmAsync(pwm, cancellationToken);
            await _fan.RememberAsync(pwm, cancellationToken);
            return ApplyResult.Completed;
        }
        catch (ConfiguratorException e)
        {
            return ApplyResult.Failed(SectionError.From(e, "speedPercent"));
        }
    }
}
