using global::Amqp;
using global::Amqp.Listener;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>A link on which the hub sends. It keeps within the credit that the receiver gives; what comes above it waits, up to a bound.</summary>
internal class AmqpSender(ListenerLink link) : LinkEndpoint
{
    private const int MaxWaiting = 100;
    private readonly Queue<Message> waiting = new();
    private readonly Lock gate = new();
    private int credit;

    /// <summary>How many messages the receiver would take now.</summary>
    public int Credit
    {
        get
        {
            lock (gate)
            {
                return credit;
            }
        }
    }

    /// <summary>Sends, now or as soon as there is credit.</summary>
    /// <returns><see langword="false"/> when too much waits.</returns>
    public bool TrySend(Message message)
    {
        lock (gate)
        {
            if (waiting.Count >= MaxWaiting)
            {
                return false;
            }

            waiting.Enqueue(message);
            Pass();
            return true;
        }
    }

    public override void OnFlow(FlowContext flowContext)
    {
        lock (gate)
        {
            credit = Math.Max(0, credit + flowContext.Messages);
            Pass();
        }
    }

    public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();

    private void Pass()
    {
        while (credit > 0 && waiting.TryDequeue(out Message? message))
        {
            credit--;
            link.SendMessage(message);
        }
    }
}
