using System.Buffers;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>The envelope's own rules, which the JSON contract cannot say.</summary>
internal static class RequestCheck
{
    private const int MaxPluginChars = 128;
    private const int MaxDeadlineMs = 600_000;
    private const int TraceparentChars = 55;
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The time the request may take.</summary>
    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.BadFrame"/>.</exception>
    public static TimeSpan Check(RequestFrame frame)
    {
        if (frame.Id <= 0)
        {
            throw ConfiguratorException.BadFrame("A request's id must be above 0.");
        }

        if (frame.DeadlineMs <= 0)
        {
            throw ConfiguratorException.BadFrame("A request's deadlineMs must be above 0.");
        }

        if (frame.Plugin.Length is 0 or > MaxPluginChars || !frame.Plugin.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-'))
        {
            throw ConfiguratorException.BadFrame($"A plugin id has 1 to {MaxPluginChars} characters out of a-z, 0-9, '.', '_', '-'.");
        }

        return TimeSpan.FromMilliseconds(Math.Min(frame.DeadlineMs, MaxDeadlineMs));
    }

    /// <summary>The trace id of a W3C trace context; null when there is none, or none that can be believed: tracing never fails a request.</summary>
    public static string? TraceIdOf(RequestFrame frame)
    {
        string? text = frame.Traceparent;
        return text is { Length: TraceparentChars } && text[2] == '-' && text[35] == '-' && !text.AsSpan(3, 32).ContainsAnyExcept(s_hex)
            ? text.Substring(3, 32)
            : null;
    }
}
