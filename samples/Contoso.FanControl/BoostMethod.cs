using System.ComponentModel.DataAnnotations;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace Contoso.FanControl;

/// <summary>The payload of <c>contoso.boost</c>.</summary>
internal sealed record BoostPayload
{
    /// <summary>How long.</summary>
    [Range(1, 600)]
    public required int Seconds { get; init; }
}

/// <summary>Runs the fan at full speed for a while. Answers at once; how it goes on stands in the section <c>contoso.fanBoost</c>.</summary>
/// <remarks>
/// A speed that arrives in desired meanwhile holds at once, and is what the fan returns to. If the process dies during a boost the fan stays fast, the safe side,
/// until the section is applied at the next start.
/// </remarks>
[DirectMethod("contoso.boost", Reports = Section, WorkTimeoutSeconds = 660)]
internal sealed class BoostMethod(IPluginContext context) : DirectMethod<BoostPayload>(FanJson.Default.BoostPayload)
{
    private const string Section = "contoso.fanBoost";
    private static readonly TimeSpan s_returnLimit = TimeSpan.FromSeconds(2);
    private readonly Fan _fan = new(context);

    protected override Task<MethodResult> InvokeAsync(BoostPayload payload, CancellationToken cancellationToken) =>
        Task.FromResult(MethodResult.Accepted(workToken => WorkAsync(payload.Seconds, workToken)));

    private async Task<WorkResult> WorkAsync(int seconds, CancellationToken cancellationToken)
    {
        try
        {
            int before = await _fan.ReadPwmAsync(cancellationToken);
            try
            {
                await _fan.WritePwmAsync(Fan.FullPwm, cancellationToken);
                await context.Twin.ReportAsync(Section, ReportOf(seconds, running: true), cancellationToken);
                await Task.Delay(TimeSpan.FromSeconds(seconds), context.Clock, cancellationToken);
            }
            finally
            {
                await ReturnAsync(before);
            }

            return new WorkResult(ApplyResult.Completed, ReportOf(seconds, running: false));
        }
        catch (ConfiguratorException e)
        {
            return new WorkResult(ApplyResult.Failed(SectionError.From(e)), ReportOf(seconds, running: false));
        }
        catch (FormatException e)
        {
            return new WorkResult(ApplyResult.Failed(new SectionError("", e.Message, ErrorCodes.Generic)), ReportOf(seconds, running: false));
        }
    }

    // With a limit of its own: the fan is to slow down also when the work was given up because the host stops.
    private async Task ReturnAsync(int before)
    {
        using var limit = new CancellationTokenSource(s_returnLimit, context.Clock);
        if (await _fan.ReadPwmAsync(limit.Token) == Fan.FullPwm)
        {
            await _fan.WritePwmAsync(await _fan.RecallAsync(limit.Token) ?? before, limit.Token);
        }
    }

    private static SectionReport ReportOf(int seconds, bool running) => SectionReport.From(new BoostReported(seconds, running), FanJson.Default.BoostReported);
}
