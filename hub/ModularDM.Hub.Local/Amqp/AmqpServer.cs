using global::Amqp;
using global::Amqp.Framing;
using global::Amqp.Listener;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>
/// The service side's AMQP, for what REST cannot do: send messages to devices and hear how they ended. No SASL: the common SDKs open with the plain header and
/// show a token on <c>$cbs</c>.
/// </summary>
internal sealed class AmqpServer : ILinkProcessor, IDisposable
{
    /// <summary>What a token must cover.</summary>
    public const string MessagesPath = "/messages/devicebound";

    private const string TokenNode = "$cbs";
    private const string FeedbackPath = "/messages/servicebound/feedback";
    private const int MaxFrameBytes = 64 * 1024;
    private const int IdleMilliseconds = 120_000;
    private const int Credit = 100;
    private readonly ContainerHost host;
    private readonly AmqpTransports transports;
    private readonly HubTokens tokens;
    private readonly CloudMessages messages;
    private readonly FeedbackQueue feedback;
    private readonly string hubName;
    private readonly TimeProvider time;
    private readonly ILogger<AmqpServer> logger;

    public AmqpServer(
        AmqpTransports transports,
        HubTokens tokens,
        CloudMessages messages,
        FeedbackQueue feedback,
        string hubName,
        TimeProvider time,
        ILogger<AmqpServer> logger)
    {
        this.transports = transports;
        this.tokens = tokens;
        this.messages = messages;
        this.feedback = feedback;
        this.hubName = hubName;
        this.time = time;
        this.logger = logger;
        host = new ContainerHost([$"{AmqpTransports.Scheme}://localhost:1"]);
        host.CustomTransports.Add(AmqpTransports.Scheme, transports);
        host.Listeners[0].AMQP.MaxFrameSize = MaxFrameBytes;
        host.Listeners[0].AMQP.IdleTimeout = IdleMilliseconds;
        host.Listeners[0].HandlerFactory = static _ => new DeliveryTags();
        host.RegisterLinkProcessor(this);
    }

    public void Open() => host.Open();

    public void Dispose() => host.Close();

    public void Process(AttachContext attachContext)
    {
        Attach attach = attachContext.Attach;
        bool receives = attachContext.Link.Role;
        string path = PathOf(receives ? (attach.Target as Target)?.Address : (attach.Source as Source)?.Address);
        AmqpCaller caller = transports.CallerOf(attachContext.Link.Session.Connection);
        try
        {
            switch (path, receives)
            {
                case (TokenNode, true):
                    attachContext.Complete(new TokenLink(caller, tokens), Credit);
                    break;
                case (TokenNode, false):
                    caller.Replies = new AmqpSender(attachContext.Link);
                    attachContext.Complete(caller.Replies, 0);
                    break;
                case (MessagesPath, true):
                    Authorize(caller);
                    attach.MaxMessageSize = 2 * CloudMessages.MaxBytes;
                    attachContext.Complete(new DeviceBoundLink(messages, () => Authorize(caller), logger), Credit);
                    break;
                case (FeedbackPath, false):
                    Authorize(caller);
                    attachContext.Complete(new FeedbackLink(attachContext.Link, feedback, hubName, time, logger), 0);
                    break;
                default:
                    attachContext.Complete(new Error(ErrorCode.NotFound) { Description = $"There is no node '{path}'; services send to {MessagesPath} and read {FeedbackPath}." });
                    break;
            }
        }
        catch (HubRefusalException e)
        {
            attachContext.Complete(AmqpErrors.Of(e));
        }
    }

    private void Authorize(AmqpCaller caller) => tokens.RequireService(caller.Token, MessagesPath, HubPermissions.ServiceConnect);

    // Some clients give the path alone, others a whole URI, in letters of either case.
    private static string PathOf(string? address)
    {
        string path = address ?? "";
        if (path.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(path, UriKind.Absolute, out Uri? uri))
        {
            path = uri.AbsolutePath;
        }

        return path.TrimEnd('/').ToLowerInvariant();
    }
}
