using ModularDM.Contracts.Configurator;

namespace ModularDM.Plugins.WindowsTelemetry;

/// <summary>The words of the published contract for the four levels; any letter case is understood.</summary>
internal static class TelemetryWords
{
    public static IReadOnlyList<string> All { get; } = ["security", "basic", "enhanced", "full"];

    public static string WordOf(TelemetryLevel level) => All[(int)level];

    public static TelemetryLevel? Find(string? word)
    {
        for (int i = 0; i < All.Count; i++)
        {
            if (string.Equals(All[i], word, StringComparison.OrdinalIgnoreCase))
            {
                return (TelemetryLevel)i;
            }
        }

        return null;
    }
}
