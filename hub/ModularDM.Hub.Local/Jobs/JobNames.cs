namespace ModularDM.Hub.Local.Jobs;

/// <summary>How a job stands.</summary>
internal enum JobStatus
{
    Scheduled,
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// <summary>How a job stands with one device.</summary>
internal enum DeviceJobStatus
{
    Pending,
    Running,
    Completed,
    Failed,
    Canceled,
}

/// <summary>The words for jobs on the wire: camelCase, read in any case.</summary>
internal static class JobNames
{
    public static string Types => string.Join(", ", Enum.GetValues<JobType>().Select(Of));

    public static string Statuses => string.Join(", ", Enum.GetValues<JobStatus>().Select(Of));

    public static string Of<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    public static JobType? TypeOf(string name) => Find<JobType>(name);

    public static JobStatus? StatusOf(string name) => Find<JobStatus>(name);

    private static T? Find<T>(string name)
        where T : struct, Enum
    {
        foreach (T value in Enum.GetValues<T>())
        {
            if (value.ToString().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }
}
