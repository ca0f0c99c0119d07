using System.Collections.Frozen;
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
    private static readonly FrozenDictionary<string, (string Open, string Close)> s_tags =
        new[] { "Get", "Replace", "Add", "Delete", "Exec", "Atomic" }.ToFrozenDictionary(verb => verb, verb => ($"<{verb}><CmdID>", $"</{verb}>"), StringComparer.Ordinal);

    private static readonly string[] s_metas = [.. CspFormats.Names.Select(MetaOf)];
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

    // The markup is fixed in code and written as it stands, which takes a third of the time; what comes from data goes through WriteString, which escapes it.
    private static void Write(XmlWriter xml, SyncMlCommand command)
    {
        (string open, string close) = s_tags[command.Verb];
        xml.WriteRaw(open);
        xml.WriteString(command.Id.ToString(CultureInfo.InvariantCulture));
        xml.WriteRaw("</CmdID>");
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

        xml.WriteRaw(close);
    }

    private static void WriteItem(XmlWriter xml, SyncMlCommand command)
    {
        xml.WriteRaw("<Item><Target><LocURI>");
        xml.WriteString(command.LocUri);
        xml.WriteRaw("</LocURI></Target>");
        if (command.Format is { } format)
        {
            xml.WriteRaw(s_metas[(int)format]);
        }

        if (command.Data is not null)
        {
            xml.WriteRaw("<Data>");
            xml.WriteString(command.Data);
            xml.WriteRaw("</Data>");
        }

        xml.WriteRaw("</Item>");
    }

    private static string MetaOf(string format) =>
        $"<Meta><Format xmlns=\"syncml:metinf\">{format}</Format>{(format == "chr" ? "<Type xmlns=\"syncml:metinf\">text/plain</Type>" : "")}</Meta>";

    private int Add(string verb, string locUri, CspFormat? format, string? data)
    {
        int id = ++_lastId;
        (_atomic ?? _commands).Add(new SyncMlCommand(id, verb, locUri, format, data));
        return id;
    }
}
