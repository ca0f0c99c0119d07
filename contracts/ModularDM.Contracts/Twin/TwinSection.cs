using System.Text.Json.Serialization.Metadata;
using ModularDM.Contracts.Json;

namespace ModularDM.Contracts.Twin;

/// <summary>
/// The usual base of a section: JSON is read and checked once, here, with all errors at once; the plugin sees only its own type.
/// </summary>
/// <remarks>
/// Declare a member that has a default as <c>{ get; set; } = 60</c>, not with <c>init</c>: the JSON source generator sets an absent <c>init</c> member to zero or null,
/// whatever its initialiser says. The test kit's <c>SectionTester.CheckContractAsync</c> finds such members.
/// </remarks>
/// <typeparam name="TDesired">The desired section. Its members' validation attributes and its <see cref="IValidated"/> are obeyed.</typeparam>
public abstract class TwinSection<TDesired> : ITwinSection
    where TDesired : class
{
    private readonly JsonTypeInfo<TDesired> _desiredType;

    /// <summary>A section read with <paramref name="desiredType"/>, from a source-generated context.</summary>
    protected TwinSection(JsonTypeInfo<TDesired> desiredType)
    {
        ArgumentNullException.ThrowIfNull(desiredType);
        _desiredType = desiredType;
    }

    /// <inheritdoc/>
    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(desired);
        if (desired.Removed)
        {
            return RemoveAsync(cancellationToken);
        }

        var errors = new List<SectionError>();
        TDesired? value = JsonMembers.Read(desired.Value, _desiredType, errors);
        return value is null ? Task.FromResult(ApplyResult.Rejected(errors)) : ApplyAsync(value, desired, cancellationToken);
    }

    /// <inheritdoc/>
    public abstract Task<SectionReport> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Makes the device what <paramref name="value"/> says. See <see cref="ITwinSection"/> for what may be relied on.</summary>
    /// <param name="value">The whole section, found good.</param>
    /// <param name="desired">Where it came from, and what changed.</param>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    protected abstract Task<ApplyResult> ApplyAsync(TDesired value, SectionDesired desired, CancellationToken cancellationToken);

    /// <summary>The section left desired. The default leaves the device alone.</summary>
    /// <param name="cancellationToken">Fires at the limit and at shutdown.</param>
    protected virtual Task<ApplyResult> RemoveAsync(CancellationToken cancellationToken) => Task.FromResult(ApplyResult.Completed);
}
