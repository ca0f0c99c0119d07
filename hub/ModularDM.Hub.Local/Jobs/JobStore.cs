using Microsoft.Data.Sqlite;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Jobs;

/// <summary>Jobs and their rows on disk.</summary>
internal static class JobStore
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, type INTEGER NOT NULL, condition TEXT NOT NULL, operation BLOB NOT NULL, start INTEGER NOT NULL,
            max_seconds INTEGER NOT NULL, created INTEGER NOT NULL, status INTEGER NOT NULL, started INTEGER, ended INTEGER, reason TEXT);
        CREATE TABLE IF NOT EXISTS job_rows (job TEXT NOT NULL, device TEXT NOT NULL, status INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
            started INTEGER, ended INTEGER, answer_status INTEGER, answer BLOB, error_code INTEGER NOT NULL, error_text TEXT, PRIMARY KEY (job, device));
        """;

    public static IReadOnlyList<Job> ReadJobs(this HubStore store)
    {
        List<Job> jobs = store.Read(
            "SELECT id, type, condition, operation, start, max_seconds, created, status, started, ended, reason FROM jobs",
            r => new Job(
                new JobRequest(r.GetString(0), (JobType)r.GetInt32(1), r.GetString(2), (byte[])r[3], Time(r, 4)!.Value, TimeSpan.FromSeconds(r.GetInt64(5))),
                Time(r, 6)!.Value,
                new JobProgress((JobStatus)r.GetInt32(7), Time(r, 8), Time(r, 9), r.IsDBNull(10) ? null : r.GetString(10))));
        Dictionary<string, Job> byId = jobs.ToDictionary(j => j.Request.Id, StringComparer.Ordinal);
        foreach (DeviceJob row in store.Read(
            "SELECT job, device, status, created, updated, started, ended, answer_status, answer, error_code, error_text FROM job_rows",
            r => new DeviceJob(r.GetString(0), byId[r.GetString(0)].Request.Type, r.GetString(1), (DeviceJobStatus)r.GetInt32(2), Time(r, 3)!.Value)
            {
                Updated = Time(r, 4)!.Value,
                Started = Time(r, 5),
                Ended = Time(r, 6),
                Answer = r.IsDBNull(7) ? null : new MethodAnswer(r.GetInt32(7), (byte[])r[8]),
                ErrorCode = r.GetInt32(9),
                ErrorText = r.IsDBNull(10) ? null : r.GetString(10),
            }))
        {
            byId[row.JobId].Rows[row.Device] = row;
        }

        return jobs;
    }

    private static DateTimeOffset? Time(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetInt64(column), TimeSpan.Zero);

    /// <summary>A job's progress, with the rows that change by it.</summary>
    public sealed record SaveJob(JobRequest Request, DateTimeOffset Created, JobProgress Progress, IReadOnlyList<DeviceJob> Rows) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run(
                "INSERT INTO jobs VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7,$p8,$p9,$p10) ON CONFLICT(id) DO UPDATE SET status=$p7, started=$p8, ended=$p9, reason=$p10",
                Request.Id,
                (int)Request.Type,
                Request.Condition,
                Request.Operation,
                Request.Start.UtcTicks,
                (long)Request.MaxExecution.TotalSeconds,
                Created.UtcTicks,
                (int)Progress.Status,
                Progress.Started?.UtcTicks,
                Progress.Ended?.UtcTicks,
                Progress.FailureReason);
            foreach (DeviceJob row in Rows)
            {
                new SaveRow(row).Write(writer);
            }
        }
    }

    public sealed record SaveRow(DeviceJob Row) : StoreChange
    {
        public override void Write(StoreWriter writer) => writer.Run(
            "INSERT INTO job_rows VALUES ($p0,$p1,$p2,$p3,$p4,$p5,$p6,$p7,$p8,$p9,$p10) ON CONFLICT(job,device) DO UPDATE SET status=$p2, updated=$p4, started=$p5, "
            + "ended=$p6, answer_status=$p7, answer=$p8, error_code=$p9, error_text=$p10",
            Row.JobId,
            Row.Device,
            (int)Row.Status,
            Row.Created.UtcTicks,
            Row.Updated.UtcTicks,
            Row.Started?.UtcTicks,
            Row.Ended?.UtcTicks,
            Row.Answer?.Status,
            Row.Answer?.Payload,
            Row.ErrorCode,
            Row.ErrorText);
    }

    public sealed record Remove(string Id) : StoreChange
    {
        public override void Write(StoreWriter writer)
        {
            writer.Run("DELETE FROM jobs WHERE id=$p0", Id);
            writer.Run("DELETE FROM job_rows WHERE job=$p0", Id);
        }
    }
}
