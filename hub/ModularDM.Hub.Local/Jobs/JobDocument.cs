using System.Text.Json;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>Writes a job as services see it.</summary>
internal static class JobDocument
{
    public static void Write(Job job, Utf8JsonWriter json)
    {
        JobRequest request = job.Request;
        JobProgress progress = job.Progress;
        json.WriteStartObject();
        json.WriteString("jobId"u8, request.Id);
        json.WriteString("queryCondition"u8, request.Condition);
        WriteTime("createdTime"u8, job.Created, json);
        WriteTime("startTime"u8, progress.Started ?? request.Start, json);
        WriteTime("endTime"u8, progress.Ended, json);
        json.WriteNumber("maxExecutionTimeInSeconds"u8, (int)request.MaxExecution.TotalSeconds);
        json.WriteString("type"u8, JobNames.Of(request.Type));
        json.WritePropertyName(request.Type == JobType.ScheduleUpdateTwin ? "updateTwin"u8 : "cloudToDeviceMethod"u8);
        json.WriteRawValue(request.Operation, skipInputValidation: true);
        json.WriteString("status"u8, JobNames.Of(progress.Status));
        if (progress.FailureReason is { } reason)
        {
            json.WriteString("failureReason"u8, reason);
            json.WriteString("statusMessage"u8, reason);
        }

        WriteStatistics(job, json);
        json.WriteEndObject();
    }

    public static void WriteTime(ReadOnlySpan<byte> name, DateTimeOffset? time, Utf8JsonWriter json)
    {
        if (time is { } known)
        {
            json.WriteString(name, TwinMetadata.Text(known));
        }
    }

    private static void WriteStatistics(Job job, Utf8JsonWriter json)
    {
        Dictionary<DeviceJobStatus, int> counts = job.Rows.Values.CountBy(row => row.Status).ToDictionary();
        json.WriteStartObject("deviceJobStatistics"u8);
        json.WriteNumber("deviceCount"u8, counts.Values.Sum());
        json.WriteNumber("failedCount"u8, counts.GetValueOrDefault(DeviceJobStatus.Failed));
        json.WriteNumber("succeededCount"u8, counts.GetValueOrDefault(DeviceJobStatus.Completed));
        json.WriteNumber("runningCount"u8, counts.GetValueOrDefault(DeviceJobStatus.Running));
        json.WriteNumber("pendingCount"u8, counts.GetValueOrDefault(DeviceJobStatus.Pending));
        json.WriteEndObject();
    }
}
