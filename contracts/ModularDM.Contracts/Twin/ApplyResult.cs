namespace ModularDM.Contracts.Twin;

/// <summary>How an Apply ended. The runtime turns it into the section's <c>lastChange</c>.</summary>
public sealed class ApplyResult
{
    private ApplyResult(ApplyOutcome outcome, IReadOnlyList<SectionError> errors) => (Outcome, Errors) = (outcome, errors);

    /// <summary>The device is what desired says.</summary>
    public static ApplyResult Completed { get; } = new(ApplyOutcome.Completed, []);

    /// <summary>How it ended.</summary>
    public ApplyOutcome Outcome { get; }

    /// <summary>All that went wrong; empty when completed.</summary>
    public IReadOnlyList<SectionError> Errors { get; }

    /// <summary>The desired value is not acceptable. Nothing on the device was changed.</summary>
    /// <exception cref="ArgumentException">No error was given.</exception>
    public static ApplyResult Rejected(params IReadOnlyList<SectionError> errors) => new(ApplyOutcome.Rejected, AtLeastOne(errors));

    /// <summary>The value was good, but the device did not become it, or not all of it; each error names its member.</summary>
    /// <exception cref="ArgumentException">No error was given.</exception>
    public static ApplyResult Failed(params IReadOnlyList<SectionError> errors) => new(ApplyOutcome.Failed, AtLeastOne(errors));

    private static IReadOnlyList<SectionError> AtLeastOne(IReadOnlyList<SectionError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        return errors.Count > 0 ? errors : throw new ArgumentException("A result that is not completed needs at least one error.", nameof(errors));
    }
}

/// <summary>How an Apply ended.</summary>
public enum ApplyOutcome
{
    /// <summary>The device is what desired says.</summary>
    Completed,

    /// <summary>The value is not acceptable; nothing was changed.</summary>
    Rejected,

    /// <summary>The device did not become it.</summary>
    Failed,
}
