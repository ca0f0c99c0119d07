using System.Runtime.CompilerServices;
using System.Threading.Channels;
using global::Amqp;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>Hands connections of the web server to the AMQP library, and knows which of them have shown a token.</summary>
internal sealed class AmqpTransports : TransportProvider
{
    public const string Scheme = "hub";
    private const int MaxWaiting = 256;
    private readonly Channel<IAsyncTransport> accepted = Channel.CreateBounded<IAsyncTransport>(MaxWaiting);
    private readonly ConditionalWeakTable<Connection, AmqpCaller> callers = new();

    public AmqpTransports() => AddressSchemes = [Scheme];

    public AmqpCaller CallerOf(Connection connection) => callers.GetValue(connection, static _ => new AmqpCaller());

    /// <summary>Offers a connection.</summary>
    /// <returns>The transport; <see langword="null"/> when the hub takes no more.</returns>
    public AmqpTransport? TryOffer(ConnectionContext connection)
    {
        var transport = new AmqpTransport(connection, owner => CallerOf(owner).Token is not null);
        return accepted.Writer.TryWrite(transport) ? transport : null;
    }

    public override async Task<IAsyncTransport> CreateAsync(Address address)
    {
        if (await accepted.Reader.WaitToReadAsync() && accepted.Reader.TryRead(out IAsyncTransport? next))
        {
            return next;
        }

        // The hub is stopping; the library would ask again at once.
        return await new TaskCompletionSource<IAsyncTransport>().Task;
    }

    public override void Dispose()
    {
        accepted.Writer.TryComplete();
        base.Dispose();
    }
}

/// <summary>What is known of the peer of one connection.</summary>
internal sealed class AmqpCaller
{
    private volatile string? token;
    private volatile AmqpSender? replies;

    /// <summary>The last token that was good when it came.</summary>
    public string? Token
    {
        get => token;
        set => token = value;
    }

    /// <summary>Where answers about tokens go.</summary>
    public AmqpSender? Replies
    {
        get => replies;
        set => replies = value;
    }
}

/// <summary>Runs a connection of the web server as an AMQP connection. The web server is built before the hub's parts, so that the handler asks for the AMQP server late.</summary>
internal sealed class AmqpConnectionHandler(Func<AmqpServer> server) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ITransferFormatFeature>() is { } format)
        {
            format.ActiveFormat = TransferFormat.Binary;
        }

        if (server().TryOffer(connection) is { } transport)
        {
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (connection.ConnectionClosed.Register(gone.SetResult))
            {
                await Task.WhenAny(transport.Closed, gone.Task);
            }
        }
    }
}
