using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.CloudToDevice;

/// <summary>How a message to a device ended. The names are those of the wire.</summary>
internal enum FeedbackStatus
{
    Success,
    Expired,
    DeliveryCountExceeded,
    Rejected,
    Purged,
}

/// <summary>What a sender hears about its message.</summary>
internal sealed record FeedbackRecord(string? MessageId, DateTimeOffset Ended, FeedbackStatus Status, string DeviceId, string GenerationId)
{
    /// <summary>Whether a sender with this wish hears of this end.</summary>
    public static bool IsWished(FeedbackWish wish, FeedbackStatus status) =>
        (wish & (status == FeedbackStatus.Success ? FeedbackWish.Positive : FeedbackWish.Negative)) != 0;

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("originalMessageId"u8, MessageId);
        json.WriteString("enqueuedTimeUtc"u8, TwinMetadata.Text(Ended));
        json.WriteString("statusCode"u8, Status.ToString());
        json.WriteString("description"u8, Status.ToString());
        json.WriteString("deviceId"u8, DeviceId);
        json.WriteString("deviceGenerationId"u8, GenerationId);
        json.WriteEndObject();
    }
}
