using System.Text;
using System.Text.Json;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ModularDM.Hub.Local;

namespace ModularDM.Hub.Tests.Local;

/// <summary>A service that speaks AMQP by hand: plain header, token on $cbs, then links.</summary>
public sealed class AmqpServiceClient : IAsyncDisposable
{
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(30);
    private readonly Connection connection;
    private readonly Session session;
    private SenderLink? sender;

    private AmqpServiceClient(Connection connection)
    {
        this.connection = connection;
        session = new Session(connection);
    }

    public static async Task<AmqpServiceClient> ConnectAsync(LocalHub hub)
    {
        var factory = new ConnectionFactory();
        factory.SSL.RemoteCertificateValidationCallback = Trust.Only(hub.CaFile);
        return new AmqpServiceClient(await factory.CreateAsync(new Address($"amqps://{hub.Host}:{hub.AmqpPort}")).WaitAsync(Backstop));
    }

    public static async Task<AmqpServiceClient> ConnectAsync(HubFixture fixture)
    {
        AmqpServiceClient client = await ConnectAsync(fixture.Hub);
        Assert.Equal((200, "OK"), await client.PutTokenAsync(fixture.Service.NewToken()));
        return client;
    }

    public async Task<(int Status, string Description)> PutTokenAsync(string token)
    {
        var requests = new SenderLink(session, "cbs-sender", "$cbs");
        var answers = new ReceiverLink(session, "cbs-receiver", new Attach { Source = new Source { Address = "$cbs" }, Target = new Target() }, null);
        var request = new Message(token)
        {
            Properties = new Properties { MessageId = "7", To = "$cbs", ReplyTo = "cbs" },
            ApplicationProperties = new ApplicationProperties { ["operation"] = "put-token", ["type"] = "servicebus.windows.net:sastoken", ["name"] = "localhost" },
        };
        await requests.SendAsync(request, Backstop);
        Message answer = await answers.ReceiveAsync(Backstop);
        answers.Accept(answer);
        Assert.Equal("7", answer.Properties.CorrelationId);
        await requests.CloseAsync();
        await answers.CloseAsync();
        return ((int)answer.ApplicationProperties["status-code"], (string)answer.ApplicationProperties["status-description"]);
    }

    /// <summary>Sends a message.</summary>
    /// <returns>The condition of the rejection; <see langword="null"/> when it was accepted.</returns>
    public async Task<string?> SendAsync(string deviceId, string body, Action<Message>? change = null)
    {
        sender ??= new SenderLink(session, "c2d", "amqps://localhost/messages/deviceBound");
        var message = new Message
        {
            BodySection = new Data { Binary = Encoding.UTF8.GetBytes(body) },
            Properties = new Properties { To = $"/devices/{deviceId}/messages/devicebound" },
            ApplicationProperties = new ApplicationProperties(),
        };
        change?.Invoke(message);
        try
        {
            await sender.SendAsync(message, Backstop);
            return null;
        }
        catch (AmqpException e)
        {
            return e.Error.Condition;
        }
    }

    public static void Ask(Message message, string id, string acknowledge)
    {
        message.Properties.MessageId = id;
        message.ApplicationProperties["iothub-ack"] = acknowledge;
    }

    public ReceiverLink Feedback(int credit = 5)
    {
        var link = new ReceiverLink(session, "feedback", "/messages/serviceBound/feedback");
        link.SetCredit(credit, CreditMode.Manual);
        return link;
    }

    public static async Task<Message> NextAsync(ReceiverLink link) => await link.ReceiveAsync(Backstop) ?? throw new TimeoutException("No feedback came.");

    public static IReadOnlyList<(string? Id, string Status, string Device)> Records(Message message)
    {
        using JsonDocument document = JsonDocument.Parse((byte[])message.Body);
        return [.. document.RootElement.EnumerateArray().Select(r => (r.GetProperty("originalMessageId").GetString(), r.GetProperty("statusCode").GetString()!, r.GetProperty("deviceId").GetString()!))];
    }

    public async ValueTask DisposeAsync() => await connection.CloseAsync(Backstop, null);
}
