namespace ModularDM.Configurator.Server;

/// <summary>
/// The configurator's own log: one line per event on standard error, with the priority prefix that journald reads. Payloads and values never appear here.
/// </summary>
internal sealed class ServerLog(TextWriter output)
{
    private readonly Lock _gate = new();

    public static ServerLog ToStandardError() => new(Console.Error);

    public void Information(string eventName, string message) => Write(6, eventName, message);

    public void Warning(string eventName, string message) => Write(4, eventName, message);

    public void Error(string eventName, string message) => Write(3, eventName, message);

    private void Write(int priority, string eventName, string message)
    {
        lock (_gate)
        {
            output.WriteLine($"<{priority}>{eventName}: {OneLine(message)}");
            output.Flush();
        }
    }

    // What a caller chose may be part of a message; it must not be able to start a line of its own.
    private static string OneLine(string message) => message.AsSpan().IndexOfAnyInRange('\u0000', '\u001f') < 0
        ? message
        : string.Create(message.Length, message, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(text[i]) ? ' ' : text[i];
            }
        });
}
