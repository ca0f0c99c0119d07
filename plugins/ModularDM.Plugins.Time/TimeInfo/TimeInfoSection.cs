using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Time.TimeInfo;

/// <summary>The NTP server and the time zone: two settings in one section, so each is tried whatever becomes of the other.</summary>
[TwinSection("timeInfo")]
internal sealed partial class TimeInfoSection(IPluginContext context) : TwinSection<TimeInfoDesired>(TimeJson.Default.TimeInfoDesired)
{
    public override async Task<SectionReport> ReadAsync(CancellationToken cancellationToken)
    {
        TimeZoneState zone = await context.Configurator.SendAsync(new GetTimeZone(), cancellationToken);
        return SectionReport.From(TimeInfoReported.From(zone, await ReadServerAsync(cancellationToken)), TimeJson.Default.TimeInfoReported);
    }

    protected override async Task<ApplyResult> ApplyAsync(TimeInfoDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        var failures = new List<SectionError>();
        bool changed = false;
        bool refused = true;
        if (value.WantedServer() is { } server)
        {
            await TryAsync("ntpServer", () => context.Configurator.SendAsync(new SetNtpServer { Server = server }, cancellationToken));
        }

        if (value.FirstZoneMember() is { } member)
        {
            await TryAsync(member, () => SetZoneAsync(value, cancellationToken));
        }

        return failures.Count == 0 ? ApplyResult.Completed
            : refused && !changed ? ApplyResult.Rejected(failures)
            : ApplyResult.Failed(failures);

        async Task TryAsync(string path, Func<Task> set)
        {
            try
            {
                await set();
                changed = true;
            }
            catch (ConfiguratorException e)
            {
                refused &= e.Code == ConfiguratorErrorCode.InvalidArgument;
                failures.Add(SectionError.From(e, path));
            }
        }
    }

    private async Task SetZoneAsync(TimeInfoDesired value, CancellationToken cancellationToken)
    {
        TimeZoneState current = await context.Configurator.SendAsync(new GetTimeZone(), cancellationToken);
        TimeZoneRule wanted = value.WantedZone(current.Zone);
        if (wanted != current.Zone)
        {
            await context.Configurator.SendAsync(new SetTimeZone { Zone = wanted }, cancellationToken);
        }
    }

    private async Task<string> ReadServerAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await context.Configurator.SendAsync(new GetNtpServer(), cancellationToken)).Server;
        }
        catch (ConfiguratorException e) when (e.Code != ConfiguratorErrorCode.Unavailable)
        {
            // The zone is worth reporting even where no time client is installed.
            LogServerUnreadable(context.Logger, e.Code, e.Message);
            return Sentinel.Error;
        }
    }

    [LoggerMessage(EventName = "NtpServerUnreadable", Level = LogLevel.Warning, Message = "The NTP server cannot be read: {Code}: {Reason}")]
    private static partial void LogServerUnreadable(ILogger logger, ConfiguratorErrorCode code, string reason);
}
