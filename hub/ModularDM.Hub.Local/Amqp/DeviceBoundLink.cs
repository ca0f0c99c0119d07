using System.Globalization;
using global::Amqp;
using global::Amqp.Framing;
using global::Amqp.Listener;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Throttling;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>Takes messages to devices. Each is accepted once it is on disk, or rejected with the reason.</summary>
internal sealed partial class DeviceBoundLink(CloudMessages messages, HubThrottles throttles, Action authorize, ILogger logger) : LinkEndpoint
{
    private const string Acknowledge = "iothub-ack";
    private Task turn = Task.CompletedTask;

    // The queue takes messages in the order of these calls, also when throttles hold them back; only the answers wait for the disk. How many wait is what the
    // link's credit lets come.
    public override void OnMessage(MessageContext messageContext)
    {
        Task<HubRefusalException?> admitted = AdmitAsync(turn);
        turn = admitted;
        _ = TakeAsync(messageContext, admitted);
    }

    public override void OnFlow(FlowContext flowContext)
    {
    }

    public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();

    private async Task<HubRefusalException?> AdmitAsync(Task before)
    {
        await before;
        try
        {
            await throttles.TakeAsync(throttles.CloudToDevice, "A message to a device", 1, CancellationToken.None);
            return null;
        }
        catch (HubRefusalException e)
        {
            return e;
        }
    }

    private async Task TakeAsync(MessageContext context, Task<HubRefusalException?> admitted)
    {
        try
        {
            authorize();
            if (await admitted is { } refusal)
            {
                throw refusal;
            }

            string device = DeviceOf(context.Message.Properties?.To);
            await messages.SendAsync(device, Read(context.Message));
            context.Complete();
        }
        catch (HubRefusalException e)
        {
            context.Complete(AmqpErrors.Of(e));
        }
        catch (Exception e)
        {
            TakeFailed(e);
            context.Complete(new Error(ErrorCode.InternalError) { Description = "An internal error occurred." });
        }
    }

    private static string DeviceOf(string? to)
    {
        string[] parts = (to ?? "").Split('/');
        return parts is ["", var devices, { Length: > 0 } id, var area, var bound] && Is(devices, "devices") && Is(area, "messages") && Is(bound, "devicebound")
            ? Uri.UnescapeDataString(id)
            : throw HubRefusalException.Invalid("The message's 'to' must be '/devices/{id}/messages/devicebound'.");
    }

    private static CloudMessageDraft Read(Message message)
    {
        Properties system = message.Properties;
        var bag = new List<KeyValuePair<string, string?>>();
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                bag.Add(new(name, value));
            }
        }

        DateTimeOffset? expiry = Time(system.AbsoluteExpiryTime);
        string? id = Text(system.GetMessageId());
        Add(PropertyBag.SystemNames.MessageId, id);
        Add(PropertyBag.SystemNames.CorrelationId, Text(system.GetCorrelationId()));
        Add(PropertyBag.SystemNames.UserId, system.UserId is { } user ? System.Text.Encoding.UTF8.GetString(user) : null);
        Add("$.to", system.To);
        Add(PropertyBag.SystemNames.ContentType, system.ContentType);
        Add(PropertyBag.SystemNames.ContentEncoding, system.ContentEncoding);
        Add("$.exp", expiry is { } end ? TwinMetadata.Text(end) : null);
        Add(PropertyBag.SystemNames.CreationTime, Time(system.CreationTime) is { } made ? TwinMetadata.Text(made) : null);
        var wish = FeedbackWish.None;
        foreach ((object key, object? value) in message.ApplicationProperties?.Map ?? [])
        {
            string name = Text(key) is { Length: > 0 } text ? text : throw HubRefusalException.Invalid("An application property has no name.");
            wish = name == Acknowledge ? Wish(Text(value)) : wish;
            bag.Add(new(name, Text(value)));
        }

        return new CloudMessageDraft(id, wish, expiry, bag, Body(message));
    }

    private static byte[] Body(Message message) => message.Body switch
    {
        byte[] bytes => bytes,
        string text => System.Text.Encoding.UTF8.GetBytes(text),
        null => [],
        _ => throw HubRefusalException.Invalid("The message's body must be bytes or a text."),
    };

    private static FeedbackWish Wish(string? text) => text switch
    {
        "positive" => FeedbackWish.Positive,
        "negative" => FeedbackWish.Negative,
        "full" => FeedbackWish.Full,
        null or "" or "none" => FeedbackWish.None,
        _ => throw HubRefusalException.Invalid($"'{Acknowledge}' must be none, positive, negative or full."),
    };

    private static string? Text(object? value) => value switch
    {
        null => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        bool flag => flag ? "true" : "false",
        DateTime time => TwinMetadata.Text(time),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static DateTimeOffset? Time(DateTime time) => time == default ? null : new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static bool Is(string part, string name) => part.Equals(name, StringComparison.OrdinalIgnoreCase);

    [LoggerMessage(Level = LogLevel.Error, Message = "Taking a message to a device failed")]
    private partial void TakeFailed(Exception cause);
}
