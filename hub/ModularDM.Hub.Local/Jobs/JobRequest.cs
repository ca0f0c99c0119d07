using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>What a job does to each device.</summary>
internal enum JobType
{
    ScheduleUpdateTwin,
    ScheduleDeviceMethod,
}

/// <summary>A job as a service asked for it. Immutable.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Type">What it does.</param>
/// <param name="Condition">Which devices, as it was written.</param>
/// <param name="Operation">The twin's patch, or the method's request, as JSON.</param>
/// <param name="Start">When it may begin.</param>
/// <param name="MaxExecution">How long it may run from its beginning.</param>
internal sealed record JobRequest(string Id, JobType Type, string Condition, byte[] Operation, DateTimeOffset Start, TimeSpan MaxExecution)
{
    private const int DefaultSeconds = 3600;
    private const int MaxSeconds = 30 * 24 * 3600;
    private static readonly TimeSpan MaxAhead = TimeSpan.FromDays(365);

    /// <summary>Which devices.</summary>
    public QueryTarget Target => QueryParser.ParseTarget(Condition);

    /// <exception cref="HubRefusalException">The body is not a job; the message says what is wrong.</exception>
    public static JobRequest Parse(string id, JsonElement json, DateTimeOffset now)
    {
        if (!DeviceIdentity.IsValidId(id))
        {
            throw HubRefusalException.Invalid("The job id is empty, longer than 128 characters, or holds a character that it may not.");
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HubRefusalException.Invalid("The body must be a JSON object.");
        }

        if (Text(json, "jobId") is { } named && named != id)
        {
            throw HubRefusalException.Invalid("'jobId' differs from the path.");
        }

        JobType type = Text(json, "type") is { } name && JobNames.TypeOf(name) is { } known
            ? known
            : throw HubRefusalException.Invalid($"'type' must be one of: {JobNames.Types}.");
        string condition = Text(json, "queryCondition") is { Length: > 0 } given
            ? given
            : throw HubRefusalException.Invalid("The body needs a 'queryCondition'; '*' for all devices.");
        _ = QueryParser.ParseTarget(condition);
        byte[] operation = ReadOperation(json, type);
        return new JobRequest(id, type, condition, operation, StartOf(json, now), SecondsOf(json));
    }

    private static byte[] ReadOperation(JsonElement json, JobType type)
    {
        string member = type == JobType.ScheduleUpdateTwin ? "updateTwin" : "cloudToDeviceMethod";
        JsonElement operation = json.Object(member) ?? throw HubRefusalException.Invalid($"A job of type {JobNames.Of(type)} needs '{member}'.");
        byte[] body = JsonMarshal.GetRawUtf8Value(operation).ToArray();
        if (type == JobType.ScheduleDeviceMethod)
        {
            _ = MethodRequest.Parse(body);
            return body;
        }

        // What no twin could take is refused now and not once for each device.
        JobTwinPatch patch = JobTwinPatch.Parse(operation);
        Check("tags", patch.Tags, TwinLimits.TagsBytes);
        Check("desired", patch.Desired, TwinLimits.DesiredBytes);
        return body;
    }

    private static void Check(string section, JsonElement? patch, int maxBytes)
    {
        if (patch is { } given && TwinLimits.Check(given, maxBytes) is { Count: > 0 } violations)
        {
            throw HubRefusalException.Limits(section, violations);
        }
    }

    private static DateTimeOffset StartOf(JsonElement json, DateTimeOffset now)
    {
        if (Text(json, "startTime") is not { Length: > 0 } text)
        {
            return now;
        }

        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset start))
        {
            throw HubRefusalException.Invalid("'startTime' must be a time such as 2026-01-31T12:00:00Z.");
        }

        return start - now <= MaxAhead ? start : throw HubRefusalException.Invalid($"'startTime' must be within {MaxAhead.TotalDays} days.");
    }

    private static TimeSpan SecondsOf(JsonElement json)
    {
        if (!json.TryGetProperty("maxExecutionTimeInSeconds"u8, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return TimeSpan.FromSeconds(DefaultSeconds);
        }

        // Some clients send 0 for none.
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int seconds) && seconds is >= 0 and <= MaxSeconds
            ? TimeSpan.FromSeconds(seconds == 0 ? DefaultSeconds : seconds)
            : throw HubRefusalException.Invalid($"'maxExecutionTimeInSeconds' must be a whole number from 1 to {MaxSeconds}.");
    }

    private static string? Text(JsonElement json, string member)
    {
        if (!json.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw HubRefusalException.Invalid($"'{member}' must be a string.");
    }
}
