namespace ModularDM.Hub.Protocol;

/// <summary>One limit that a twin section breaks.</summary>
/// <param name="Path">Where: member names joined by '.', array positions in brackets; empty for the section itself.</param>
/// <param name="Problem">What is wrong there, a sentence.</param>
/// <param name="Limit">What is allowed, a sentence.</param>
public sealed record TwinLimitViolation(string Path, string Problem, string Limit)
{
    /// <summary>The whole violation in words.</summary>
    public override string ToString() => Path.Length == 0 ? $"{Problem} {Limit}" : $"'{Path}': {Problem} {Limit}";
}
