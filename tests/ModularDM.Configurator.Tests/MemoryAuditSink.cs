using System.Collections.Concurrent;
using ModularDM.Configurator.Audit;

namespace ModularDM.Configurator.Tests;

internal sealed class MemoryAuditSink : IAuditSink
{
    private readonly ConcurrentQueue<AuditRecord> _records = new();

    public IReadOnlyList<AuditRecord> Records => [.. _records];

    /// <summary>When set, runs before each record is kept and may throw.</summary>
    public Action<AuditRecord>? OnWrite { get; set; }

    public void Write(AuditRecord record)
    {
        OnWrite?.Invoke(record);
        _records.Enqueue(record);
    }

    public void Dispose()
    {
    }
}
