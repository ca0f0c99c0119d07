using System.Reflection;
using System.Text.Json;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Testing;

/// <summary>Runs a section as the runtime would, and holds it to the promises of <see cref="ITwinSection"/>.</summary>
public static class SectionTester
{
    /// <summary>Applies the whole section given as JSON text.</summary>
    /// <param name="section">The section under test.</param>
    /// <param name="json">The value, as it stands in desired.</param>
    /// <param name="cancellationToken">Given to the section.</param>
    public static async Task<ApplyResult> ApplyAsync(ITwinSection section, string json, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(section);
        // Disposed before the result is used, as on a device: a section that kept the element fails here too.
        using var document = JsonDocument.Parse(json);
        return await section.ApplyAsync(new SectionDesired(NameOf(section), document.RootElement, 1, [], Removed: false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells the section that it left desired.</summary>
    public static Task<ApplyResult> RemoveAsync(ITwinSection section, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(section);
        return section.ApplyAsync(new SectionDesired(NameOf(section), default, 2, [], Removed: true), cancellationToken);
    }

    /// <summary>Reads the section.</summary>
    /// <returns>What it reports.</returns>
    /// <exception cref="ContractViolationException">The hub would refuse it.</exception>
    public static async Task<JsonElement> ReadAsync(ITwinSection section, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(section);
        SectionReport report = await section.ReadAsync(cancellationToken).ConfigureAwait(false);
        using var document = JsonDocument.Parse(report.Utf8Json);
        IReadOnlyList<SectionError> errors = TwinRules.Check(document.RootElement);
        return errors.Count == 0
            ? document.RootElement.Clone()
            : throw new ContractViolationException($"The hub would refuse the report of {NameOf(section)}: {string.Join("; ", errors)}");
    }

    /// <summary>Holds a section to the promises that every section makes, with a value that it should accept.</summary>
    /// <param name="section">The section under test, with all it needs scripted.</param>
    /// <param name="goodJson">A value it accepts. The scripted root must remember what is written, or the reads cannot agree.</param>
    /// <param name="cancellationToken">Given to the section.</param>
    /// <exception cref="ContractViolationException">
    /// The value is not completed; applying it twice ends in another report than applying it once; a value that is no object is not rejected with
    /// <see cref="ErrorCodes.InvalidDesiredJsonValue"/>; leaving desired throws; a cancelled call fails; a default of the desired type would be lost; or the hub would refuse the report.
    /// </exception>
    public static async Task CheckContractAsync(ITwinSection section, string goodJson, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(section);
        DefaultsCheck.Run(section);
        JsonElement once = await ApplyAndReadAsync(section, goodJson, cancellationToken).ConfigureAwait(false);
        JsonElement twice = await ApplyAndReadAsync(section, goodJson, cancellationToken).ConfigureAwait(false);
        if (!JsonElement.DeepEquals(once, twice))
        {
            throw new ContractViolationException($"{NameOf(section)} applied twice is not what it was after once. Once: {once}. Twice: {twice}.");
        }

        foreach (string notAnObject in (string[])["5", "true", "\"word\"", "[]", "null"])
        {
            ApplyResult result = await ApplyAsync(section, notAnObject, cancellationToken).ConfigureAwait(false);
            if (result.Outcome != ApplyOutcome.Rejected || result.Errors[0].Code != ErrorCodes.InvalidDesiredJsonValue)
            {
                throw new ContractViolationException($"{NameOf(section)} did not reject {notAnObject} as InvalidDesiredJsonValue: {result.Outcome}.");
            }
        }

        await CheckCancellationAsync(section, goodJson).ConfigureAwait(false);
        await RemoveAsync(section, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The name on the section's attribute; <c>test.section</c> when it has none. A name without a dot is taken as one of <c>windows</c>.</summary>
    public static SectionName NameOf(ITwinSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return SectionName.Parse(section.GetType().GetCustomAttribute<TwinSectionAttribute>()?.Name ?? "test.section", "windows");
    }

    private static async Task<JsonElement> ApplyAndReadAsync(ITwinSection section, string json, CancellationToken cancellationToken)
    {
        ApplyResult result = await ApplyAsync(section, json, cancellationToken).ConfigureAwait(false);
        return result.Outcome == ApplyOutcome.Completed
            ? await ReadAsync(section, cancellationToken).ConfigureAwait(false)
            : throw new ContractViolationException($"{NameOf(section)} did not complete {json}: {string.Join("; ", result.Errors)}");
    }

    private static async Task CheckCancellationAsync(ITwinSection section, string goodJson)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            // A section that needs nothing from outside may well complete; it may not fail or reject because of the token.
            ApplyResult result = await ApplyAsync(section, goodJson, cancelled.Token).ConfigureAwait(false);
            if (result.Outcome != ApplyOutcome.Completed)
            {
                throw new ContractViolationException($"{NameOf(section)} turned a cancelled call into {result.Outcome}; let OperationCanceledException pass.");
            }
        }
        catch (OperationCanceledException)
        {
            // As promised.
        }
    }
}
