using System.Globalization;
using System.Text;
using System.Xml;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>
/// Builds the <c>SyncBody</c> that the local management API takes. Nothing is ever concatenated into XML. Each command gets the next number, and the
/// answer is found by it.
/// </summary>
internal sealed class SyncMlRequest
{
    private const string MetaNamespace = "syncml:metinf";
    private static readonly XmlWriterSettings s_settings = new()
    {
        OmitXmlDeclaration = true,
        CheckCharacters = true,
        // A line break inside a value is part of it; without this a reader would see another one.
        NewLineHandling = NewLineHandling.Entitize,
    };

    private readonly List<SyncMlCommand> _commands = [];
    private List<SyncMlCommand>? _atomic;
    private int _lastId;

    /// <summary>How many commands there are, those inside an Atomic too.</summary>
    public int Count => _lastId;

    public int Get(string locUri, CspList list = CspList.None) => _atomic is null
        ? Add("Get", LocUri.WithList(locUri, list), null, null)
        : throw new InvalidOperationException("An Atomic takes no Get.");

    public int Replace(string locUri, CspFormat format, string? data) => Add("Replace", locUri, format, data);

    public int Add(string locUri, CspFormat format, string? data) => Add("Add", locUri, format, data);

    public int Delete(string locUri) => Add("Delete", locUri, null, null);

    public int Exec(string locUri, string? data = null, CspFormat format = CspFormat.Chr) => Add("Exec", locUri, data is null ? null : format, data);

    /// <summary>Commands that are all done or none. It takes neither a Get nor another Atomic.</summary>
    public int Atomic(Action<SyncMlRequest> commands)
    {
        if (_atomic is not null)
        {
            throw new InvalidOperationException("An Atomic takes no other.");
        }

        int id = ++_lastId;
        _atomic = [];
        try
        {
            commands(this);
            _commands.Add(new SyncMlCommand(id, "Atomic", string.Empty, null, null, _atomic));
        }
        finally
        {
            _atomic = null;
        }

        return id;
    }

    /// <exception cref="ConfiguratorException">A value holds a character that XML cannot carry.</exception>
    public string Build()
    {
        var text = new StringBuilder(256 + (200 * _lastId));
        try
        {
            using var xml = XmlWriter.Create(text, s_settings);
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
        if (command.Inside is { } inside)
        {
            foreach (SyncMlCommand one in inside)
            {
                Write(xml, one);
            }
        }
        else
        {
            WriteItem(xml, command);
        }

        xml.WriteEndElement();
    }

    private static void WriteItem(XmlWriter xml, SyncMlCommand command)
    {
        xml.WriteStartElement("Item");
        xml.WriteStartElement("Target");
        xml.WriteElementString("LocURI", command.LocUri);
        xml.WriteEndElement();
        if (command.Format is { } format)
        {
            xml.WriteStartElement("Meta");
            xml.WriteElementString("Format", MetaNamespace, CspFormats.NameOf(format));
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
    }

    private int Add(string verb, string locUri, CspFormat? format, string? data)
    {
        int id = ++_lastId;
        (_atomic ?? _commands).Add(new SyncMlCommand(id, verb, locUri, format, data));
        return id;
    }
}
