using global::Amqp.Framing;
using global::Amqp.Types;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>The hub's refusals by the names that AMQP clients know.</summary>
internal static class AmqpErrors
{
    public static Error Of(HubRefusalException refusal) => new(Condition(refusal.Code)) { Description = refusal.Message };

    private static Symbol Condition(int code) => code switch
    {
        HubErrorCodes.DeviceNotFound => "amqp:not-found",
        HubErrorCodes.DeviceMaximumQueueDepthExceeded => "amqp:resource-limit-exceeded",
        HubErrorCodes.MessageTooLarge => "amqp:link:message-size-exceeded",
        HubErrorCodes.ThrottlingException => "com.microsoft:device-container-throttled",
        HubErrorCodes.IotHubUnauthorizedAccess => "amqp:unauthorized-access",
        _ => HubErrorCodes.StatusOf(code) switch
        {
            400 => "com.microsoft:argument-error",
            503 => "com.microsoft:timeout",
            _ => "amqp:internal-error",
        },
    };
}
