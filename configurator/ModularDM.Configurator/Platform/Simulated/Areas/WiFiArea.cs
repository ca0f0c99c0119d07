using System.Xml;
using System.Xml.Linq;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>Wi-Fi profiles: the XML must be a WLAN profile of the very name it stands under, and its key cannot be read back.</summary>
internal sealed class WiFiArea : SimulatedArea
{
    private const int MaxProfileChars = 64 * 1024;

    public override IReadOnlyList<string> Addresses { get; } = ["./Vendor/MSFT/WiFi/Profile/{*}/WlanXml"];

    public override CspOutcome? OnSet(CspCall call)
    {
        if (Read(call.Data ?? string.Empty) is not { Name.LocalName: "WLANProfile" } profile)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        XNamespace space = profile.Name.Namespace;
        string? ssid = profile.Element(space + "SSIDConfig")?.Element(space + "SSID")?.Element(space + "name")?.Value;
        if (profile.Element(space + "name")?.Value != call.Names[0] || (ssid is not null && ssid != call.Names[0]))
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        foreach (XElement key in profile.Descendants(space + "sharedKey"))
        {
            key.SetElementValue(space + "protected", "true");
            key.SetElementValue(space + "keyMaterial", string.Empty);
        }

        call.Tree.Set(call.Address, profile.ToString(SaveOptions.DisableFormatting));
        return null;
    }

    private static XElement? Read(string text)
    {
        try
        {
            using var strings = new StringReader(text);
            using var xml = XmlReader.Create(strings, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxProfileChars });
            return XElement.Load(xml);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
