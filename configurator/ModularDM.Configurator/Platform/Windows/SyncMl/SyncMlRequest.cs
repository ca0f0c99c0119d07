using System.Globalization;
using System.Text;
using System.Xml;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Builds the <c>SyncBody</c> that the local management API takes. Nothing is ever concatenated into XML.</summary>
internal sealed class SyncMlRequest
{
    private const string MetaNamespace = "syncml:metinf";
    private readonly List<SyncMlCommand> _commands = [];

    public int Get(string locUri) => Add("Get", locUri, null, null);

    public int Replace(string locUri, CspFormat format, string data) => Add("Replace", locUri, format, data);

    public int Add(string locUri, CspFormat format, string? data) => Add("Add", locUri, format, data);

    public int Delete(string locUri) => Add("Delete", locUri, null, null);

    public int Exec(string locUri, string? data = null) => Add("Exec", locUri, data is null ? null : CspFormat.Chr, data);

    /// <exception cref="ConfiguratorException">A value holds a character that XML cannot carry.</exception>
    public string Build()
    {
        var text = new StringBuilder(256);
        try
        {
            using var xml = XmlWriter.Create(text, new XmlWriterSettings
            {
                OmitXmlDeclaration = true,
                CheckCharacters = true,
                // A line break inside a value is part of it; without this a reader would see another one.
                NewLineHandling = NewLineHandling.Entitize,
            });
            xml.WriteStartElement("SyncBody");
            foreach (SyncMlCommand command in _commands)
            {
                Write(xml, command);
            }

            xml.WriteElementString("Final", string.Empty);
            xml.WriteEndElement();
        }
        catch (ArgumentException e)
        {
            throw ConfiguratorException.InvalidArgument($"A value cannot be sent to the device: {e.Message}");
        }

        return text.ToString();
    }

    private static void Write(XmlWriter xml, SyncMlCommand command)
    {
        xml.WriteStartElement(command.Verb);
        xml.WriteElementString("CmdID", command.Id.ToString(CultureInfo.InvariantCulture));
        xml.WriteStartElement("Item");
        xml.WriteStartElement("Target");
        xml.WriteElementString("LocURI", command.LocUri);
        xml.WriteEndElement();
        if (command.Format is { } format)
        {
            xml.WriteStartElement("Meta");
            xml.WriteElementString("Format", MetaNamespace, format.ToString().ToLowerInvariant());
            if (format == CspFormat.Chr)
            {
                xml.WriteElementString("Type", MetaNamespace, "text/plain");
            }

            xml.WriteEndElement();
        }

        if (command.Data is not null)
        {
            xml.WriteElementString("Data", command.Data);
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private int Add(string verb, string locUri, CspFormat? format, string? data)
    {
        int id = _commands.Count + 1;
        _commands.Add(new SyncMlCommand(id, verb, locUri, format, data));
        return id;
    }
}

/// <summary>One command of a <c>SyncBody</c>.</summary>
internal sealed record SyncMlCommand(int Id, string Verb, string LocUri, CspFormat? Format, string? Data);
