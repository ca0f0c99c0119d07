using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Operations.Csp;

/// <summary>Verbs and formats as they are written in requests, policies and on the command line.</summary>
internal static class CspWords
{
    public static string Verbs { get; } = string.Join(", ", Enum.GetValues<CspVerb>().Select(Of));

    public static string Formats { get; } = string.Join(", ", Enum.GetValues<CspValueFormat>().Select(Of));

    public static string Of(CspVerb verb) => verb.ToString().ToLowerInvariant();

    public static string Of(CspValueFormat format) => format.ToString().ToLowerInvariant();

    public static bool TryVerb(string word, out CspVerb verb) => TryWord(word, Of, out verb);

    public static bool TryFormat(string word, out CspValueFormat format) => TryWord(word, Of, out format);

    private static bool TryWord<T>(string word, Func<T, string> spell, out T value)
        where T : struct, Enum
    {
        foreach (T candidate in Enum.GetValues<T>())
        {
            if (spell(candidate) == word)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}
