using global::Amqp;
using global::Amqp.Framing;
using global::Amqp.Listener;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Throttling;

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
    private readonly Lock gate = new();
    private readonly AmqpTransports transports = new();
    private readonly HubTokens tokens;
    private readonly CloudMessages messages;
    private readonly FeedbackQueue feedback;
    private readonly HubThrottles throttles;
    private readonly string hubName;
    private readonly TimeProvider time;
    private readonly ILogger<AmqpServer> logger;
    private ContainerHost? host;
    private bool disposed;

    public AmqpServer(
        HubTokens tokens,
        CloudMessages messages,
        FeedbackQueue feedback,
        HubThrottles throttles,
        string hubName,
        TimeProvider time,
        ILogger<AmqpServer> logger)
    {
        this.tokens = tokens;
        this.messages = messages;
        this.feedback = feedback;
        this.throttles = throttles;
        this.hubName = hubName;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Offers a connection. The first opens the container: most hubs never see one.</summary>
    /// <returns>The transport; <see langword="null"/> when the hub takes no more.</returns>
    public AmqpTransport? TryOffer(ConnectionContext connection)
    {
        lock (gate)
        {
            if (disposed)
            {
                return null;
            }

            host ??= Open();
        }

        return transports.TryOffer(connection);
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            host?.Close();
        }
    }

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
                    attach.MaxMessageSize = 2 * CloudMessageDraft.MaxBytes;
                    attachContext.Complete(new DeviceBoundLink(messages, throttles, () => Authorize(caller), logger), Credit);
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

    private ContainerHost Open()
    {
        var container = new ContainerHost([$"{AmqpTransports.Scheme}://localhost:1"]);
        container.CustomTransports.Add(AmqpTransports.Scheme, transports);
        container.Listeners[0].AMQP.MaxFrameSize = MaxFrameBytes;
        container.Listeners[0].AMQP.IdleTimeout = IdleMilliseconds;
        container.Listeners[0].HandlerFactory = static _ => new DeliveryTags();
        container.RegisterLinkProcessor(this);
        container.Open();
        return container;
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
