namespace ModularDM.Configurator.Audit;

/// <summary>Where an operator wants the audit.</summary>
internal enum AuditPlace
{
    /// <summary>JSON lines in root's own folder.</summary>
    File,

    /// <summary>The system's log: journald, or the event log of Windows.</summary>
    Journal,

    /// <summary>Both; a change is refused when either does not take its record.</summary>
    Both,
}

/// <summary>Opens the audit.</summary>
internal static class AuditSinks
{
    /// <summary>Both where the system has a log of its own and the changes are real; the file alone for the simulated device.</summary>
    public static AuditPlace DefaultFor(string platform) => platform != Platform.PlatformFactory.Simulated
        && (OperatingSystem.IsWindows() || File.Exists(JournalAuditSink.DefaultSocket)) ? AuditPlace.Both : AuditPlace.File;

    /// <exception cref="IOException">It cannot be written to.</exception>
    public static IAuditSink Open(AuditPlace place, string file)
    {
        if (place == AuditPlace.File)
        {
            return new FileAuditSink(file);
        }

        IAuditSink system = OperatingSystem.IsWindows() ? new EventLogAuditSink() : new JournalAuditSink();
        if (place == AuditPlace.Journal)
        {
            return system;
        }

        try
        {
            return new PairedAuditSink(new FileAuditSink(file), system);
        }
        catch
        {
            system.Dispose();
            throw;
        }
    }
}
