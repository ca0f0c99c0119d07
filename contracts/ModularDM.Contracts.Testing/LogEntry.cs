using Microsoft.Extensions.Logging;

namespace ModularDM.Contracts.Testing;

/// <summary>One line that the plugin logged.</summary>
/// <param name="Level">How serious.</param>
/// <param name="Event">The event's name, as operators alert on it; null when it has none.</param>
/// <param name="Message">The line as written.</param>
/// <param name="Exception">The exception, if one was logged.</param>
public sealed record LogEntry(LogLevel Level, string? Event, string Message, Exception? Exception);
