using System.Globalization;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.Engine;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Windows.Wmi;

/// <summary>
/// SyncML over the WMI bridge, for a Windows whose local management API is switched off. It does commands one by one: there is no Atomic, and there are no lists; what it
/// cannot do is answered with 406.
/// </summary>
internal sealed class WmiBridgeTransport : ICspTransport, IDisposable
{
    private readonly IWmiBridge _bridge;
    private readonly EngineThread _thread;

    public WmiBridgeTransport(IWmiBridge bridge)
    {
        _bridge = bridge;
        _thread = new EngineThread("wmi bridge", Answer);
    }

    public string Apply(string syncBody, TimeSpan limit) => _thread.Run(syncBody, limit);

    public void Dispose() => _thread.Dispose();

    private string Answer(string body)
    {
        using var answer = new BodyAnswer();
        foreach (BodyCommand command in BodyCommand.ReadBody(body).Where(command => command.Verb != "Final"))
        {
            if (command.Id is null || command.IsGroup || command.Items.Count == 0)
            {
                answer.Status(command.Id, command.Verb, command.Id is null ? SyncMlStatus.BadRequest : SyncMlStatus.NotSupported);
                continue;
            }

            foreach (SyncMlItem item in command.Items)
            {
                CspOutcome outcome = Do(command.Verb, item);
                answer.Status(command.Id, command.Verb, outcome.Status, command.Items.Count > 1 ? item.LocUri : null);
                if (outcome.Data is not null)
                {
                    answer.Results(command.Id, item.LocUri, outcome, CspList.None);
                }
            }
        }

        return answer.Finish();
    }

    private CspOutcome Do(string verb, SyncMlItem item) => WmiNode.Of(LocUri.Normalize(item.LocUri)) is not { } node
        ? new CspOutcome(SyncMlStatus.NotSupported)
        : verb switch
        {
            "Get" => Read(node),
            "Add" or "Replace" => new CspOutcome(_bridge.Write(node, item.Data ?? string.Empty)),
            "Delete" => new CspOutcome(_bridge.Write(node, null)),
            "Exec" => new CspOutcome(_bridge.Invoke(node, item.Data)),
            _ => new CspOutcome(SyncMlStatus.BadRequest),
        };

    private CspOutcome Read(WmiNode node)
    {
        int status = _bridge.Read(node, out object? value);
        return !SyncMlStatus.IsSuccess(status) ? new CspOutcome(status) : value switch
        {
            // A property without a value is a node that is not there.
            null => new CspOutcome(SyncMlStatus.NotFound),
            bool flag => new CspOutcome(status, flag ? "true" : "false", CspFormat.Bool),
            int number => new CspOutcome(status, number.ToString(CultureInfo.InvariantCulture), CspFormat.Int),
            _ => new CspOutcome(status, Convert.ToString(value, CultureInfo.InvariantCulture)),
        };
    }
}
