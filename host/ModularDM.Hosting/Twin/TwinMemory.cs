using System.Text;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Twin;

/// <summary>Carries what is known of the twin from one run to the next, through <see cref="TwinStateFile"/>.</summary>
internal sealed partial class TwinMemory(TwinStateFile file, ILogger<TwinMemory> logger)
{
    public void Restore(SectionTable sections, ReportedState reported)
    {
        TwinState state = file.Load();
        foreach ((string key, StoredSection stored) in state.Sections)
        {
            SectionName name = NameOf(key);
            if (!sections.IsOurs(name))
            {
                continue;
            }

            if (stored.Unacknowledged is { } report)
            {
                reported.Restore(name, report);
            }

            if (sections.InOrder.FirstOrDefault(worker => worker.Name == name) is { } worker)
            {
                worker.Restore(state.Clean ? stored.AppliedHash : null, stored.Completed);
                if (stored.Desired is { } desired)
                {
                    sections.Desired.Restore(name, desired);
                }
            }
        }
    }

    /// <summary>Writes it down. A disk that refuses costs an apply after the next start, nothing else, so it is logged and life goes on.</summary>
    /// <param name="sections">What was applied.</param>
    /// <param name="reported">What is still to be reported.</param>
    /// <param name="clean">True when nothing will be applied any more in this run.</param>
    public void Save(SectionTable sections, ReportedState reported, bool clean = false)
    {
        var stored = new Dictionary<string, StoredSection>();
        foreach (SectionWorker worker in sections.InOrder)
        {
            stored[worker.Name.ToString()] = new StoredSection
            {
                Desired = !worker.Owner.HoldsSecrets && sections.Desired[worker.Name] is { } desired ? Encoding.UTF8.GetString(desired.Span) : null,
                AppliedHash = worker.AppliedHash,
                Completed = worker.IsCompleted,
            };
        }

        foreach ((SectionName name, _) in reported.Statuses())
        {
            if (reported.Unacknowledged(name) is { } report)
            {
                StoredSection known = stored.GetValueOrDefault(name.ToString(), new StoredSection());
                stored[name.ToString()] = known with { Unacknowledged = Encoding.UTF8.GetString(report) };
            }
        }

        try
        {
            file.Save(new TwinState { Clean = clean, Sections = stored.Where(pair => pair.Value != new StoredSection()).ToDictionary() });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotSaved(e, file.Path);
        }
    }

    private static SectionName NameOf(string key) => key.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 ? new SectionName(key[..dot], key[(dot + 1)..]) : new SectionName("", key);

    [LoggerMessage(Level = LogLevel.Error, Message = "The twin state could not be written to {File}; after the next start every section will be applied once more")]
    private partial void NotSaved(Exception exception, string file);
}
