namespace ModularDM.Contracts.Twin;

/// <summary>Reports changes that no desired change caused: a sensor's own news, the progress of long work. May be called from any thread.</summary>
/// <remarks>Only sections that the plugin owns may be reported: those on its <see cref="TwinSectionAttribute"/> and in <see cref="Methods.DirectMethodAttribute.Reports"/>.</remarks>
public interface ITwinReporter
{
    /// <summary>Replaces what is reported of a section; its <c>lastChange</c> stays as it is.</summary>
    /// <param name="section">The name as on the attribute.</param>
    /// <param name="report">The whole section as it is true now.</param>
    /// <param name="cancellationToken">Ends the wait, not the report: a report that was accepted is kept and retried until the hub has it.</param>
    /// <returns>Ends when the hub has acknowledged the report.</returns>
    /// <exception cref="ArgumentException">The plugin does not own <paramref name="section"/>, or the report is over the hub's limits.</exception>
    Task ReportAsync(string section, SectionReport report, CancellationToken cancellationToken);

    /// <summary>Replaces what is reported of a section together with its outcome, in one patch.</summary>
    /// <param name="section">The name as on the attribute.</param>
    /// <param name="report">The whole section as it is true now.</param>
    /// <param name="result">Becomes <c>lastChange</c>.</param>
    /// <param name="cancellationToken">Ends the wait, not the report.</param>
    /// <returns>Ends when the hub has acknowledged the report.</returns>
    /// <exception cref="ArgumentException">The plugin does not own <paramref name="section"/>, or the report is over the hub's limits.</exception>
    Task ReportAsync(string section, SectionReport report, ApplyResult result, CancellationToken cancellationToken);
}
