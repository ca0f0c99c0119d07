using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Local;

/// <summary>What no public source settles about IoT Hub, chosen here, each in one place. docs/local-hub.md lists them.</summary>
internal static class HubChoices
{
    /// <summary>QoS of hub to device, whatever was granted: a lost notification is made good by the GET after a reconnect.</summary>
    public const MqttQualityOfServiceLevel DeliveryQos = MqttQualityOfServiceLevel.AtMostOnce;

    /// <summary>The SUBACK code of a filter that the hub does not know, or of the sixth.</summary>
    public const MqttSubscribeReasonCode RefusedFilter = MqttSubscribeReasonCode.UnspecifiedError;

    /// <summary>Filters that one device may hold.</summary>
    public const int MaxSubscriptions = 5;

    /// <summary>Modules that one device may have; the sources say 20 and 50.</summary>
    public const int MaxModules = 50;

    /// <summary>Method calls that may wait for one device.</summary>
    public const int MaxInflightMethods = 64;

    /// <summary>Configurations that there may be.</summary>
    public const int MaxConfigurations = 100;

    /// <summary>Jobs that may wait and run at one time.</summary>
    public const int MaxActiveJobs = 100;

    /// <summary>The error of a section or message that is too large; 413 would also be plausible for a section.</summary>
    public const int TwinTooLarge = HubErrorCodes.ArgumentInvalid;

    /// <summary>The error when a device answers a method with what is not JSON.</summary>
    public const int MethodAnswerNotJson = HubErrorCodes.ServerError;

    /// <summary>The error when a method's request or answer is too large.</summary>
    public const int MethodTooLarge = HubErrorCodes.MessageTooLarge;

    /// <summary>Whether a PUT of a twin leaves a section that it does not mention as it is, rather than empty it.</summary>
    public static readonly bool PutKeepsOmittedSections = true;

    /// <summary>The error of a DELETE without If-Match.</summary>
    public const int DeleteWithoutIfMatch = HubErrorCodes.PreconditionFailed;

    /// <summary>The longest keep-alive that is honoured, in seconds; a link that promises less, or nothing, is held to <see cref="MaxSilence"/>.</summary>
    public const ushort MaxKeepAlive = 1177;

    /// <summary>How long any link may be silent.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(1767);

    /// <summary>How long a receiver has a message, or some feedback, for itself before it comes again.</summary>
    public static readonly TimeSpan MessageLock = TimeSpan.FromMinutes(1);

    /// <summary>How often queues of messages to devices are looked through for those whose time or lock is over.</summary>
    public static readonly TimeSpan CloudSweep = TimeSpan.FromSeconds(5);

    /// <summary>How long feedback gathers before a batch of fewer than 64 goes out.</summary>
    public static readonly TimeSpan FeedbackDelay = TimeSpan.FromSeconds(15);

    /// <summary>How long a link outlives its token.</summary>
    public static readonly TimeSpan TokenGrace = TimeSpan.FromMinutes(10);

    /// <summary>How often links are looked through for ended tokens.</summary>
    public static readonly TimeSpan TokenSweep = TimeSpan.FromSeconds(30);

    /// <summary>
    /// MQTT sends a PUBACK only after the message was handled, and one of the common SDKs treats an answer that overtakes it as fatal: answers to QoS 1
    /// requests wait this long.
    /// </summary>
    public static readonly TimeSpan AnswerAfterAck = TimeSpan.FromMilliseconds(10);
}
