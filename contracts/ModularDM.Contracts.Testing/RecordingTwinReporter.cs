using System.Text.Json;
using System.Threading.Channels;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Testing;

/// <summary>Keeps what a plugin reports of its own accord, and plays a hub that acknowledges it, late or never if told so.</summary>
public sealed class RecordingTwinReporter : ITwinReporter
{
    private readonly Channel<SentReport> _unread = Channel.CreateUnbounded<SentReport>();
    private readonly List<SentReport> _all = [];

    /// <summary>Ends when the hub acknowledges. A test that wants a late or silent hub puts a task of its own here.</summary>
    /// <value>The default is at once.</value>
    public Task Acknowledgement { get; set; } = Task.CompletedTask;

    /// <summary>All reports so far, oldest first.</summary>
    public IReadOnlyList<SentReport> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Waits for the next report that was not read yet.</summary>
    public ValueTask<SentReport> NextAsync(CancellationToken cancellationToken) => _unread.Reader.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public Task ReportAsync(string section, SectionReport report, CancellationToken cancellationToken) => KeepAsync(section, report, null, cancellationToken);

    /// <inheritdoc/>
    public Task ReportAsync(string section, SectionReport report, ApplyResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        return KeepAsync(section, report, result, cancellationToken);
    }

    private Task KeepAsync(string section, SectionReport report, ApplyResult? result, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(section);
        ArgumentNullException.ThrowIfNull(report);
        using var document = JsonDocument.Parse(report.Utf8Json);
        JsonElement json = document.RootElement.Clone();
        IReadOnlyList<SectionError> errors = TwinRules.Check(json);
        if (errors.Count > 0)
        {
            throw new ArgumentException($"The hub would refuse this report: {string.Join("; ", errors)}", nameof(report));
        }

        var sent = new SentReport(section, json, result);
        lock (_all)
        {
            _all.Add(sent);
        }

        _unread.Writer.TryWrite(sent);
        return Acknowledgement.WaitAsync(cancellationToken);
    }
}

/// <summary>One report.</summary>
/// <param name="Section">The section's name as the plugin gave it.</param>
/// <param name="Json">The whole section.</param>
/// <param name="Result">What becomes <c>lastChange</c>; null leaves it.</param>
public sealed record SentReport(string Section, JsonElement Json, ApplyResult? Result);
