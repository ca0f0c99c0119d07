namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>When a sender wants to hear how its message ended.</summary>
[Flags]
internal enum FeedbackWish
{
    None = 0,
    Positive = 1,
    Negative = 2,
    Full = Positive | Negative,
}

/// <summary>A message as a service sends it.</summary>
/// <param name="MessageId">What the sender calls it.</param>
/// <param name="Wish">When to tell the sender how it ended.</param>
/// <param name="Expiry">When it is no longer to be delivered; none for the hub's own limit.</param>
/// <param name="Properties">What the device gets in the topic, in order: the system properties by their wire names, then the application's.</param>
/// <param name="Body">Its body.</param>
internal sealed record CloudMessageDraft(
    string? MessageId,
    FeedbackWish Wish,
    DateTimeOffset? Expiry,
    IReadOnlyList<KeyValuePair<string, string?>> Properties,
    byte[] Body);

/// <summary>A message that waits for its device.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Sequence">Its place in the device's queue.</param>
/// <param name="MessageId">What the sender calls it.</param>
/// <param name="Wish">When to tell the sender how it ended.</param>
/// <param name="Enqueued">When the hub took it.</param>
/// <param name="Expiry">When it ends undelivered.</param>
/// <param name="Deliveries">How often the device gave it back.</param>
/// <param name="Bag">Its properties as the topic carries them.</param>
/// <param name="Body">Its body.</param>
internal sealed record CloudMessage(
    string DeviceId,
    long Sequence,
    string? MessageId,
    FeedbackWish Wish,
    DateTimeOffset Enqueued,
    DateTimeOffset Expiry,
    int Deliveries,
    string Bag,
    byte[] Body);
