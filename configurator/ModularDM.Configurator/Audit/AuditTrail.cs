using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Audit;

/// <summary>Writes each change down before it is tried and again when it has ended.</summary>
internal sealed class AuditTrail(IAuditSink sink, TimeProvider clock)
{
    private long _sequence;

    /// <summary>What is written of a change; <see cref="End"/> takes it back.</summary>
    /// <exception cref="ConfiguratorException">It could not be written down, so it must not happen.</exception>
    public AuditRecord Begin(CallerIdentity caller, string plugin, string operation, string arguments, string? traceId)
    {
        AuditRecord record = Create("start", caller, plugin, operation, traceId) with { Arguments = arguments };
        WriteFirst(record);
        return record;
    }

    /// <summary>A change was asked for and waits for its confirmation, or the confirmation was refused.</summary>
    /// <exception cref="ConfiguratorException">It could not be written down, so it is not offered.</exception>
    public void Held(CallerIdentity caller, string plugin, string operation, string arguments, string why, string? traceId) =>
        WriteFirst(Create("held", caller, plugin, operation, traceId) with { Arguments = arguments, Outcome = why });

    /// <exception cref="IOException">The outcome could not be written down.</exception>
    public void End(AuditRecord started, string outcome) =>
        sink.Write(started with { Time = clock.GetUtcNow(), Event = "end", Arguments = null, Outcome = outcome });

    /// <summary>Someone tried to change what the policy does not let it change.</summary>
    /// <exception cref="IOException">It could not be written down.</exception>
    public void Denied(CallerIdentity caller, string plugin, string operation, string why, string? traceId) =>
        sink.Write(Create("denied", caller, plugin, operation, traceId) with { Outcome = why });

    private void WriteFirst(AuditRecord record)
    {
        try
        {
            sink.Write(record);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfiguratorException(
                new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{record.Operation} was not done, because the audit record could not be written.", "audit"), e);
        }
    }

    private AuditRecord Create(string what, CallerIdentity caller, string plugin, string operation, string? traceId) => new()
    {
        Time = clock.GetUtcNow(),
        Event = what,
        Sequence = Interlocked.Increment(ref _sequence),
        Operation = operation,
        Plugin = plugin,
        Pid = caller.ProcessId,
        Uid = caller.Uid,
        Unit = caller.Unit,
        Sid = caller.Sid,
        TraceId = traceId,
    };
}
