namespace ModularDM.Configurator.Audit;

/// <summary>Two places; a record counts as written when both have it.</summary>
internal sealed class PairedAuditSink(IAuditSink first, IAuditSink second) : IAuditSink
{
    public void Write(AuditRecord record)
    {
        first.Write(record);
        second.Write(record);
    }

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }
}
