namespace ModularDM.Configurator.Audit;

/// <summary>One record as a sentence and as a severity, for logs that people read.</summary>
internal static class AuditLine
{
    public static string Of(AuditRecord record)
    {
        string who = record.Sid ?? record.Unit ?? $"uid {record.Uid}";
        string outcome = record.Outcome is null ? string.Empty : $": {record.Outcome}";
        return $"{record.Event} {record.Operation} for {record.Plugin} by {who} (process {record.Pid}){outcome}";
    }

    /// <summary>As syslog numbers them: 6 information, 5 notice, 4 warning.</summary>
    public static int PriorityOf(AuditRecord record) => record.Event switch
    {
        "denied" => 4,
        "held" => 5,
        "end" when record.Outcome != "done" => 4,
        _ => 6,
    };
}
