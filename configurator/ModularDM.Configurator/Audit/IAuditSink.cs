namespace ModularDM.Configurator.Audit;

/// <summary>Where audit records go.</summary>
internal interface IAuditSink : IDisposable
{
    /// <summary>Returns once the record is written. Throws when it is not: the change is then refused.</summary>
    void Write(AuditRecord record);
}
