namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>The names that formats have on the wire.</summary>
internal static class CspFormats
{
    private static readonly string[] s_names = ["b64", "bin", "bool", "chr", "date", "float", "int", "node", "null", "time", "xml"];

    /// <summary>All names, in the order of <see cref="CspFormat"/>.</summary>
    public static IReadOnlyList<string> Names => s_names;

    public static string NameOf(CspFormat format) => s_names[(int)format];

    public static bool TryParse(ReadOnlySpan<char> text, out CspFormat format)
    {
        for (int i = 0; i < s_names.Length; i++)
        {
            if (text.Equals(s_names[i], StringComparison.OrdinalIgnoreCase))
            {
                format = (CspFormat)i;
                return true;
            }
        }

        format = default;
        return false;
    }
}
