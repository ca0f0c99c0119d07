using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>What became of a device's last registration.</summary>
internal sealed record Registration(
    string RegistrationId,
    string? GroupId,
    bool ByKeys,
    string Status,
    string? Substatus,
    string? AssignedHub,
    string? DeviceId,
    DateTimeOffset Created,
    DateTimeOffset Updated,
    long ETag,
    int ErrorCode,
    string? ErrorMessage,
    string? Payload)
{
    public const string Assigned = "assigned";

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("registrationId"u8, RegistrationId);
        json.WriteString("createdDateTimeUtc"u8, TwinMetadata.Text(Created));
        if (Status == Assigned)
        {
            json.WriteString("assignedHub"u8, AssignedHub);
            json.WriteString("deviceId"u8, DeviceId);
        }

        json.WriteString("status"u8, Status);
        if (Substatus is not null)
        {
            json.WriteString("substatus"u8, Substatus);
        }

        json.WriteString("lastUpdatedDateTimeUtc"u8, TwinMetadata.Text(Updated));
        json.WriteString("etag"u8, ETags.Format(ETag));
        json.WriteStartObject(ByKeys ? "symmetricKey"u8 : "x509"u8);
        if (GroupId is not null)
        {
            json.WriteString("enrollmentGroupId"u8, GroupId);
        }

        json.WriteEndObject();
        if (ErrorCode != 0)
        {
            json.WriteNumber("errorCode"u8, ErrorCode);
            json.WriteString("errorMessage"u8, ErrorMessage);
        }

        if (Payload is not null)
        {
            json.WritePropertyName("payload"u8);
            json.WriteRawValue(Payload, skipInputValidation: true);
        }

        json.WriteEndObject();
    }
}
