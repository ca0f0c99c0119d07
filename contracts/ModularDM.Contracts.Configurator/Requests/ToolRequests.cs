namespace ModularDM.Contracts.Configurator;

/// <summary>
/// Runs a program that the policy grants to the plugin by name. Program, arguments and working folder stand in the policy; a request fills in the placeholders
/// that the policy declares, and nothing else. No shell takes part.
/// </summary>
/// <remarks>
/// The answer comes when the program has ended. A program that ends with another exit code than 0 is an answer, not an error. At the time limit of the policy, at the
/// request's deadline and when the request is given up it is killed with what it started (<see cref="ConfiguratorErrorCode.Timeout"/>,
/// <see cref="ConfiguratorErrorCode.Revoked"/>).
/// </remarks>
public sealed record RunAllowedTool : ConfiguratorRequest<ToolOutput>
{
    /// <summary>The name the policy gives the tool ("selftest"), never a path.</summary>
    public required string Name { get; init; }

    /// <summary>A value for every placeholder of the tool, at most 1024 characters each; null when it has none. Each must match the policy's pattern as a whole.</summary>
    public IReadOnlyDictionary<string, string>? Arguments { get; init; }

    /// <summary>Equal when the names are and the arguments say the same.</summary>
    public bool Equals(RunAllowedTool? other) =>
        base.Equals(other)
        && Name == other.Name
        && (Arguments?.Count ?? 0) == (other.Arguments?.Count ?? 0)
        && (Arguments is null || other.Arguments is null || Arguments.All(own => other.Arguments.TryGetValue(own.Key, out string? value) && value == own.Value));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Name, Arguments?.Count ?? 0);

    /// <summary>The tool's name; values may be secrets and are left out.</summary>
    public override string ToString() => $"runAllowedTool {Name}";
}

/// <summary>What a tool left behind.</summary>
public sealed record ToolOutput : ConfiguratorResponse
{
    /// <summary>The exit code; 128 and the signal's number when a signal ended it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>What it wrote to standard output, as UTF-8, up to the policy's limit.</summary>
    public required string Output { get; init; }

    /// <summary>What it wrote to standard error, likewise.</summary>
    public required string ErrorOutput { get; init; }

    /// <summary>True when it wrote more than the limit; the rest was read and dropped.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The exit code; the output may hold secrets and is left out.</summary>
    public override string ToString() => $"exit code {ExitCode}";
}
