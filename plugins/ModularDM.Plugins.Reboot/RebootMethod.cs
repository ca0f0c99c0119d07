using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Reboot;

/// <summary>
/// Reboots, unless something stands in the way. A refusal is an answer and not a failure: <c>rebootCmd</c> completes with the word that says who refused.
/// </summary>
/// <remarks>The payload is ignored, as in the published contract.</remarks>
[DirectMethod("rebootAsync", Reports = Section, WorkTimeoutSeconds = 60)]
internal sealed partial class RebootMethod(IPluginContext context) : IDirectMethod
{
    private const string Section = "rebootCmd";
    private const string Reason = "a reboot was asked for through the hub";
    private static readonly TimeSpan s_acknowledgementLimit = TimeSpan.FromSeconds(5);
    private readonly LastCommandFile _lastCommand = new(context);

    public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken)
    {
        DateTimeOffset askedAt = ScheduleTime.WholeSeconds(context.Clock.GetUtcNow());
        return Task.FromResult(MethodResult.Accepted(workToken => WorkAsync(askedAt, workToken)));
    }

    private async Task<WorkResult> WorkAsync(DateTimeOffset askedAt, CancellationToken cancellationToken)
    {
        try
        {
            string response = await DecideAsync(cancellationToken);
            if (response == RebootResponse.Scheduled)
            {
                // Written first: the power may be gone before RebootNow has answered.
                await _lastCommand.WriteAsync(new LastCommand(askedAt, LastCommand.Accepted), cancellationToken);
                await ReportScheduledAsync(cancellationToken);
                await context.Configurator.SendAsync(new RebootNow { Reason = Reason }, cancellationToken);
            }
            else
            {
                await _lastCommand.WriteAsync(new LastCommand(askedAt, response), cancellationToken);
            }

            return new WorkResult(ApplyResult.Completed, ReportOf(response));
        }
        catch (ConfiguratorException e)
        {
            await _lastCommand.WriteAsync(new LastCommand(askedAt, LastCommand.Failed), cancellationToken);
            // No response is left standing: "scheduled" beside "failed" would say two things.
            return new WorkResult(ApplyResult.Failed(SectionError.From(e)), SectionReport.Empty);
        }
    }

    private async Task<string> DecideAsync(CancellationToken cancellationToken)
    {
        RebootPolicy policy = await context.Configurator.SendAsync(new GetRebootPolicy(), cancellationToken);
        if (!policy.AllowReboots)
        {
            return RebootResponse.Disabled;
        }

        if (policy.InActiveHours)
        {
            return RebootResponse.InActiveHours;
        }

        if (policy.Inhibitors.Count > 0)
        {
            LogInhibited(context.Logger, policy.Inhibitors);
            return RebootResponse.RejectedByApp;
        }

        return await context.Application.IsRebootAllowedAsync(Reason, cancellationToken) ? RebootResponse.Scheduled : RebootResponse.RejectedByApp;
    }

    // The operator is to read "scheduled" before the device falls silent, but a device that is offline reboots all the same.
    private async Task ReportScheduledAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_acknowledgementLimit, context.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await context.Twin.ReportAsync(Section, ReportOf(RebootResponse.Scheduled), ApplyResult.Completed, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnacknowledged(context.Logger, s_acknowledgementLimit.TotalSeconds);
        }
    }

    private static SectionReport ReportOf(string response) => SectionReport.From(new RebootCmdReported(response), RebootJson.Default.RebootCmdReported);

    [LoggerMessage(EventName = "RebootInhibited", Level = LogLevel.Information, Message = "No reboot: shutdown is blocked by {Inhibitors}")]
    private static partial void LogInhibited(ILogger logger, IReadOnlyList<string> inhibitors);

    [LoggerMessage(
        EventName = "RebootReportUnacknowledged", Level = LogLevel.Warning, Message = "The hub did not acknowledge the report within {Seconds} s; rebooting all the same")]
    private static partial void LogUnacknowledged(ILogger logger, double seconds);
}
