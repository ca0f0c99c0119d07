using System.Globalization;
using System.Text;
using System.Xml;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Writes the answer to a body, as Windows writes it: a status for each command, and results behind the status of a Get.</summary>
internal sealed class BodyAnswer : IDisposable
{
    private const string MetaNamespace = "syncml:metinf";
    private static readonly XmlWriterSettings s_settings = new() { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.Entitize };
    private readonly StringBuilder _text = new(1024);
    private readonly XmlWriter _xml;
    private int _id;

    public BodyAnswer()
    {
        _xml = XmlWriter.Create(_text, s_settings);
        _xml.WriteStartElement("SyncML", "SYNCML:SYNCML1.2");
        _xml.WriteElementString("SyncHdr", string.Empty);
        _xml.WriteStartElement("SyncBody");
        Status(0, "SyncHdr", SyncMlStatus.Ok);
    }

    /// <param name="reference">The command's number; null leaves it blank.</param>
    /// <param name="verb">The command.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="target">The address, when the command has several.</param>
    public void Status(int? reference, string verb, int status, string? target = null)
    {
        Start("Status", reference);
        _xml.WriteElementString("Cmd", verb);
        if (target is not null)
        {
            _xml.WriteElementString("TargetRef", target);
        }

        Number("Data", status);
        _xml.WriteEndElement();
    }

    public void Results(int? reference, string locUri, CspOutcome outcome, CspList list)
    {
        Start("Results", reference);
        if (outcome.Subtree is { } nodes)
        {
            foreach (CspNode node in nodes)
            {
                CspFormat format = node.Definition.Traits.Format;
                bool hasData = list == CspList.StructData && format != CspFormat.Node && node.Definition.Traits.Access.HasFlag(NodeAccess.Get);
                Item(node.Address, format, hasData ? node.Value : null);
            }
        }
        else
        {
            Item(locUri, outcome.Format, outcome.Data);
        }

        _xml.WriteEndElement();
    }

    public string Finish()
    {
        _xml.WriteElementString("Final", string.Empty);
        _xml.WriteEndElement();
        _xml.WriteEndElement();
        _xml.Flush();
        return _text.ToString();
    }

    public void Dispose() => _xml.Dispose();

    private void Start(string name, int? reference)
    {
        _xml.WriteStartElement(name);
        Number("CmdID", ++_id);
        Number("MsgRef", 1);
        if (reference is { } number)
        {
            Number("CmdRef", number);
        }
        else
        {
            _xml.WriteElementString("CmdRef", string.Empty);
        }
    }

    private void Item(string locUri, CspFormat format, string? data)
    {
        _xml.WriteStartElement("Item");
        _xml.WriteStartElement("Source");
        _xml.WriteElementString("LocURI", locUri);
        _xml.WriteEndElement();
        _xml.WriteStartElement("Meta");
        _xml.WriteElementString("Format", MetaNamespace, CspFormats.NameOf(format));
        _xml.WriteEndElement();
        if (data is not null)
        {
            _xml.WriteElementString("Data", data);
        }

        _xml.WriteEndElement();
    }

    private void Number(string name, int value) => _xml.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));
}
