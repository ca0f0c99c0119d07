using global::Amqp;
using global::Amqp.Framing;
using global::Amqp.Listener;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>Takes tokens on <c>$cbs</c>: a connection may do what its last good token allows.</summary>
internal sealed class TokenLink(AmqpCaller caller, HubTokens tokens) : LinkEndpoint
{
    private const string Operation = "put-token";

    public override void OnMessage(MessageContext messageContext)
    {
        (int status, string description) = Take(messageContext.Message);
        messageContext.Complete();
        var reply = new Message
        {
            Properties = new Properties(),
            ApplicationProperties = new ApplicationProperties { ["status-code"] = status, ["status-description"] = description },
        };
        if (messageContext.Message.Properties?.GetMessageId() is { } id)
        {
            reply.Properties.SetCorrelationId(id);
        }

        if (caller.Replies?.TrySend(reply) != true)
        {
            messageContext.Link.Close(TimeSpan.Zero, new Error(ErrorCode.NotAllowed) { Description = "The connection has no link for the answer: attach a receiver to $cbs first." });
        }
    }

    public override void OnFlow(FlowContext flowContext)
    {
    }

    public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();

    private (int Status, string Description) Take(Message request)
    {
        if (request.ApplicationProperties?["operation"] as string != Operation)
        {
            return (400, $"The application property 'operation' must be '{Operation}'.");
        }

        if (request.ApplicationProperties["type"] is not ("servicebus.windows.net:sastoken" or "azure-devices.net:sastoken") || request.Body is not string token)
        {
            return (400, "Only shared access signatures are taken, as a text in the body.");
        }

        try
        {
            tokens.RequireService(token, AmqpServer.MessagesPath, HubPermissions.ServiceConnect);
            caller.Token = token;
            return (200, "OK");
        }
        catch (HubRefusalException e)
        {
            return (401, e.Message);
        }
    }
}
