using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>The Reboot CSP: the two schedules, and the reboot itself.</summary>
internal sealed class CspRebootSchedule(CspClient csp)
{
    internal const string RebootNowNode = "./Device/Vendor/MSFT/Reboot/RebootNow";
    internal const string SingleNode = "./Device/Vendor/MSFT/Reboot/Schedule/Single";
    internal const string DailyNode = "./Device/Vendor/MSFT/Reboot/Schedule/DailyRecurrent";
    internal const string WeeklyNode = "./Device/Vendor/MSFT/Reboot/Schedule/WeeklyRecurrent";

    public (DateTimeOffset? Single, DateTimeOffset? Daily) Read(OperationContext context) => (Read(SingleNode, context), Read(DailyNode, context));

    public void Set(DateTimeOffset? single, DateTimeOffset? daily, OperationContext context)
    {
        Set(SingleNode, single, context);
        Set(DailyNode, daily, context);
    }

    public void RebootNow(OperationContext context) => csp.Exec(RebootNowNode, context);

    private DateTimeOffset? Read(string node, OperationContext context)
    {
        if (csp.TryGet(node, context) is not { Length: > 0 } text)
        {
            return null;
        }

        return CspDate.TryParse(text, out DateTimeOffset date)
            ? date
            : throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{node} holds '{text}', which is no date.", "syncml 200"));
    }

    private void Set(string node, DateTimeOffset? moment, OperationContext context)
    {
        if (moment is { } given)
        {
            csp.Replace(node, CspFormat.Chr, CspDate.Format(given), context);
        }
        else
        {
            csp.Delete(node, context);
        }
    }
}
