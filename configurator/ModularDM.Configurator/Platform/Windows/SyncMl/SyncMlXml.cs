using System.Xml;
using System.Xml.Linq;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Reads SyncML by local names, since prefixes and namespaces differ between its makers.</summary>
internal static class SyncMlXml
{
    private const int MaxChars = 4 * 1024 * 1024;

    /// <exception cref="XmlException">It is no XML, has a document type, or is too long.</exception>
    public static XElement Parse(string text)
    {
        using var strings = new StringReader(text);
        using var xml = XmlReader.Create(strings, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaxChars,
        });
        return XElement.Load(xml, LoadOptions.PreserveWhitespace);
    }

    public static IEnumerable<XElement> Children(this XElement element, string localName) =>
        element.Elements().Where(child => child.Name.LocalName == localName);

    public static XElement? Child(this XElement? element, string localName) =>
        element?.Elements().FirstOrDefault(child => child.Name.LocalName == localName);
}
