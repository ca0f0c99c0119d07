using System.Text.Json;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>A job's row of one device. Immutable: what happens makes a new one.</summary>
internal sealed record DeviceJob(string JobId, JobType Type, string Device, DeviceJobStatus Status, DateTimeOffset Created) : IQueryItem
{
    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Ended { get; init; }

    public DateTimeOffset Updated { get; init; } = Created;

    /// <summary>What the device answered to a method.</summary>
    public MethodAnswer? Answer { get; init; }

    /// <summary>The hub's number of what went wrong; 0 for nothing.</summary>
    public int ErrorCode { get; init; }

    public string? ErrorText { get; init; }

    public bool IsOver => Status >= DeviceJobStatus.Completed;

    public string Key => $"{JobId}/{Device}";

    public QueryValue Read(QueryPath path) =>
        path.Root == QueryRoot.Identity ? QueryValue.ReadMember(HubJson.Bytes(this, static (row, json) => row.Write(json)), path) : QueryValue.Undefined;

    public DeviceJob Begin(DateTimeOffset now) => this with { Status = DeviceJobStatus.Running, Started = now, Updated = now };

    public DeviceJob Complete(MethodAnswer? answer, DateTimeOffset now) => this with { Status = DeviceJobStatus.Completed, Answer = answer, Ended = now, Updated = now };

    public DeviceJob Fail(int code, string text, DateTimeOffset now) =>
        this with { Status = DeviceJobStatus.Failed, ErrorCode = code, ErrorText = text, Ended = now, Updated = now };

    public DeviceJob Cancel(DateTimeOffset now) => this with { Status = DeviceJobStatus.Canceled, Ended = now, Updated = now };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        string[] names = Device.Split('/');
        json.WriteString("deviceId"u8, names[0]);
        if (names.Length > 1)
        {
            json.WriteString("moduleId"u8, names[1]);
        }

        json.WriteString("jobId"u8, JobId);
        json.WriteString("jobType"u8, JobNames.Of(Type));
        json.WriteString("status"u8, JobNames.Of(Status));
        JobDocument.WriteTime("startTimeUtc"u8, Started, json);
        JobDocument.WriteTime("endTimeUtc"u8, Ended, json);
        JobDocument.WriteTime("createdDateTimeUtc"u8, Created, json);
        JobDocument.WriteTime("lastUpdatedDateTimeUtc"u8, Updated, json);
        if (Answer is { } answer)
        {
            json.WriteStartObject("outcome"u8);
            json.WriteStartObject("deviceMethodResponse"u8);
            json.WriteNumber("status"u8, answer.Status);
            json.WritePropertyName("payload"u8);
            if (answer.Payload.Length == 0)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteRawValue(answer.Payload, skipInputValidation: true);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (ErrorCode != 0)
        {
            json.WriteStartObject("error"u8);
            json.WriteString("code"u8, ErrorCode.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("description"u8, $"{HubErrorCodes.NameOf(ErrorCode)}: {ErrorText}");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
