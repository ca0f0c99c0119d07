namespace ModularDM.Configurator.Audit;

/// <summary>One line of the audit: a change that is about to be tried, how it ended, or that it was denied.</summary>
internal sealed record AuditRecord
{
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>start</c>, <c>end</c>, <c>denied</c>, or <c>held</c> back for a confirmation.</summary>
    public required string Event { get; init; }

    /// <summary>Pairs the two lines of one change.</summary>
    public required long Sequence { get; init; }

    public required string Operation { get; init; }

    public required string Plugin { get; init; }

    public required int Pid { get; init; }

    public uint? Uid { get; init; }

    public string? Unit { get; init; }

    public string? Sid { get; init; }

    /// <summary>The request as JSON; secrets are replaced.</summary>
    public string? Arguments { get; init; }

    /// <summary>At the end: <c>done</c>, or the error's code and message.</summary>
    public string? Outcome { get; init; }

    public string? TraceId { get; init; }
}
