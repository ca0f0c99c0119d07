using System.Collections.Concurrent;
using System.Text;
using global::Amqp;
using global::Amqp.Framing;
using global::Amqp.Listener;
using global::Amqp.Types;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>Tells a reader, as far as it gives credit, how messages to devices ended. What it does not accept comes again.</summary>
internal sealed partial class FeedbackLink : LinkEndpoint, IDisposable
{
    private readonly ConcurrentDictionary<Message, Guid> unsettled = new(ReferenceEqualityComparer.Instance);
    private readonly CancellationTokenSource closed = new();
    private readonly Lock gate = new();
    private readonly ListenerLink link;
    private readonly FeedbackQueue feedback;
    private readonly byte[] hubName;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private TaskCompletionSource credited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int credit;

    public FeedbackLink(ListenerLink link, FeedbackQueue feedback, string hubName, TimeProvider time, ILogger logger)
    {
        this.link = link;
        this.feedback = feedback;
        this.hubName = Encoding.UTF8.GetBytes(hubName);
        this.time = time;
        this.logger = logger;
        _ = PumpAsync(closed.Token);
    }

    public override void OnFlow(FlowContext flowContext)
    {
        lock (gate)
        {
            credit = (int)Math.Clamp((long)credit + flowContext.Messages, 0, int.MaxValue);
            credited.TrySetResult();
        }
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        if (unsettled.TryRemove(dispositionContext.Message, out Guid token))
        {
            // Settled without a word counts as heard.
            _ = dispositionContext.DeliveryState is Released or Modified ? feedback.Release(token) : feedback.Complete(token);
        }

        dispositionContext.Complete();
    }

    public override void OnLinkClosed(ListenerLink link, Error error)
    {
        closed.Cancel();
        foreach (Message message in unsettled.Keys)
        {
            if (unsettled.TryRemove(message, out Guid token))
            {
                feedback.Release(token);
            }
        }
    }

    public void Dispose() => closed.Dispose();

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await WaitForCreditAsync(cancellationToken);
                FeedbackBatch batch = await feedback.TakeAsync(cancellationToken);
                Message message = Write(batch);
                unsettled[message] = batch.Token;
                lock (gate)
                {
                    credit--;
                }

                link.SendMessage(message);
            }
        }
        catch (OperationCanceledException)
        {
            // The link has closed.
        }
        catch (AmqpException e)
        {
            // It closed under the sending; what was taken comes again when its lock ends.
            LinkLost(e.Message);
        }
        catch (HubRefusalException e)
        {
            LinkLost(e.Message);
            link.Close(TimeSpan.Zero, AmqpErrors.Of(e));
        }
    }

    private async Task WaitForCreditAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            lock (gate)
            {
                if (credit > 0)
                {
                    return;
                }

                credited = new(TaskCreationOptions.RunContinuationsAsynchronously);
                signal = credited.Task;
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    private Message Write(FeedbackBatch batch) => new()
    {
        BodySection = new Data { Binary = HubJson.Bytes(batch.Records, static (records, json) => CloudMessageEndpoints.WriteRecords(records, json)) },
        Properties = new Properties { MessageId = batch.Token.ToString(), UserId = hubName, ContentType = "application/vnd.microsoft.iothub.feedback.json" },
        MessageAnnotations = new MessageAnnotations { Map = { [new Symbol("iothub-enqueuedtime")] = time.GetUtcNow().UtcDateTime } },
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "A feedback link was lost: {Reason}")]
    private partial void LinkLost(string reason);
}
