using System.Text;
using System.Xml;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.CommandLine.Csp;

/// <summary>Shows the SyncML that goes to an engine and comes from it, with one element a line.</summary>
internal sealed class PrintingTransport(ICspTransport engine, TextWriter output) : ICspTransport
{
    public string Apply(string syncBody, TimeSpan limit)
    {
        Print("request", syncBody);
        string answer = engine.Apply(syncBody, limit);
        Print("answer", answer);
        return answer;
    }

    private void Print(string what, string text)
    {
        output.WriteLine($"<!-- {what} -->");
        output.WriteLine(Indent(text));
    }

    private static string Indent(string text)
    {
        var indented = new StringBuilder(text.Length * 2);
        try
        {
            using var strings = new StringReader(text);
            using var reader = XmlReader.Create(strings, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            using var writer = XmlWriter.Create(indented, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = "  " });
            writer.WriteNode(reader, defattr: false);
        }
        catch (XmlException)
        {
            // What is no XML is what the operator wants to see.
            return text;
        }

        return indented.ToString();
    }
}
