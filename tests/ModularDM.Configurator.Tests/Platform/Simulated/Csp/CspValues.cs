using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>Values that fit a node, and values that do not.</summary>
internal static class CspValues
{
    private const string Guid = "2b6e9a0c-5d1f-4e0b-9c64-7a3d10f4c5e1";

    private static readonly string[] s_texts =
    [
        "x", "1", "1.0", "80", "10.0.0.1", $"{{{Guid}}}", Guid, "0123456789abcdef0123456789abcdef01234567", "a/b", "app.appinstaller", "app.msix",
        "aaaaa-aaaaa-aaaaa-aaaaa", "https://contoso.example.com/a", "0011223344556677", "|", "", new string('x', 200), "\u00e4\u00e4 (",
    ];

    /// <returns>Null when none is known.</returns>
    public static string? Legal(CspNodeTraits traits) => traits.Format switch
    {
        CspFormat.Node or CspFormat.Null => string.Empty,
        _ => Candidates(traits).FirstOrDefault(value => CspValue.Check(traits, CspFormats.NameOf(traits.Format), value) == SyncMlStatus.Ok && value.Length > 0),
    };

    /// <returns>A value of the format that is not allowed; null when every value is.</returns>
    public static string? Bad(CspNodeTraits traits) => traits.Format is CspFormat.Node or CspFormat.Null || traits.Allowed is null
        ? null
        : Candidates(traits).FirstOrDefault(value => value.Length > 0 && !traits.Allowed.Allows(value) && CspValue.Check(traits with { Allowed = null }, CspFormats.NameOf(traits.Format), value) == SyncMlStatus.Ok);

    /// <returns>A name that a node without a fixed one may have.</returns>
    public static string NameOf(CspNodeDefinition node) => node.Traits is { Format: CspFormat.Node, Allowed: { } allowed }
        ? s_texts.First(text => text.Length > 0 && allowed.Allows(text))
        : "Name 1/2";

    /// <summary>The address with a name for each that is not fixed.</summary>
    public static string AddressOf(CspNodeDefinition node) => node.Parent is null
        ? "."
        : $"{AddressOf(node.Parent)}/{LocUri.EscapeSegment(node.IsDynamic ? NameOf(node) : node.Name)}";

    private static IEnumerable<string> Candidates(CspNodeTraits traits) =>
    [
        .. traits.Allowed switch
        {
            OneOfValues one => one.Values,
            RangeValues range => [$"{range.Lowest}", $"{range.Highest + 1}"],
            FlagValues flags => [$"{flags.All}", $"{flags.All + 1}"],
            JsonValues => ["{\"a\":1}", "{"],
            XmlValues => ["<a/>", "<a>"],
            DateValues => ["2031-01-02T03:04:05Z", "soon"],
            _ => [],
        },
        .. traits.Format switch
        {
            CspFormat.Int => ["1", "0", "-5", "987654321"],
            CspFormat.Bool => ["true", "0", "1"],
            CspFormat.Float => ["1.5"],
            CspFormat.B64 or CspFormat.Bin => ["AAAA"],
            CspFormat.Date => ["2031-01-02"],
            CspFormat.Time => ["10:11:12"],
            CspFormat.Xml => ["<a/>"],
            _ => s_texts,
        },
    ];
}
