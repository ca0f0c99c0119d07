using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>What HostedInstall is told: which package, which others it needs, and how.</summary>
internal sealed record AppOrder(Uri Package, IReadOnlyList<Uri> Dependencies, bool AnyVersion)
{
    private const int ForceUpdateFromAnyVersion = 0x40000;
    private const int MaxChars = 64 * 1024;

    /// <returns>Null when it is no such order.</returns>
    public static AppOrder? Read(string text)
    {
        XElement root;
        try
        {
            using var strings = new StringReader(text);
            using var xml = XmlReader.Create(strings, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxChars });
            root = XElement.Load(xml);
        }
        catch (XmlException)
        {
            return null;
        }

        List<Uri?> dependencies = [.. root.Descendants("Dependency").Select(dependency => Address(dependency))];
        return root.Name.LocalName == "Application" && Address(root) is { } package && !dependencies.Contains(null)
            ? new AppOrder(package, [.. dependencies.OfType<Uri>()], (Options(root.Attribute("DeploymentOptions")?.Value) & ForceUpdateFromAnyVersion) != 0)
            : null;
    }

    private static Uri? Address(XElement element) => Uri.TryCreate(element.Attribute("PackageUri")?.Value, UriKind.Absolute, out Uri? address) ? address : null;

    private static int Options(string? text) =>
        text?.StartsWith("0x", StringComparison.OrdinalIgnoreCase) == true && int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int hex) ? hex
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
