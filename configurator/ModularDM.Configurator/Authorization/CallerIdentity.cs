namespace ModularDM.Configurator.Authorization;

/// <summary>Who is at the other end of a connection. Every member comes from the kernel, none from the caller.</summary>
internal sealed record CallerIdentity
{
    public int ProcessId { get; init; }

    public uint? Uid { get; init; }

    /// <summary>The systemd system unit the process runs in; null when it runs in none.</summary>
    public string? Unit { get; init; }

    public string? Sid { get; init; }

    /// <summary>One key per account, for limits.</summary>
    public string Account => Sid ?? $"uid:{Uid}";

    public override string ToString() => Sid is not null
        ? $"sid:{Sid} (process {ProcessId})"
        : Unit is not null ? $"unit:{Unit} (uid {Uid}, process {ProcessId})" : $"uid:{Uid} (process {ProcessId}, in no system unit)";
}
