using System.Globalization;
using System.Text;
using System.Xml;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.SyncMl;

/// <summary>Steps through SyncML by local names, since prefixes and namespaces differ between its makers, within limits of size and depth.</summary>
internal sealed class SyncMlReader : IDisposable
{
    public const int MaxChars = 8 * 1024 * 1024;
    public const int MaxDepth = 32;
    private static readonly XmlReaderSettings s_settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxChars,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    private readonly StringReader _text;
    private readonly XmlReader _xml;

    public SyncMlReader(string text)
    {
        // Some makers leave a byte order mark, or the zero that ends their string.
        _text = new StringReader(text.Length > 0 && (text[0] == '\uFEFF' || text[^1] == '\0') ? text.Trim('\uFEFF', '\0') : text);
        _xml = XmlReader.Create(_text, s_settings);
    }

    /// <summary>The name of the element that the reader stands at.</summary>
    public string Name => _xml.LocalName;

    /// <summary>Runs over a whole document. Whatever is wrong with the text becomes an error of the given kind.</summary>
    /// <exception cref="ConfiguratorException">It is no XML, has a document type, or breaks a limit.</exception>
    public static void Read(string text, string whatItIs, Action<SyncMlReader> document)
    {
        try
        {
            using var reader = new SyncMlReader(text);
            reader._xml.MoveToContent();
            document(reader);
            while (reader._xml.Read())
            {
                // What follows the body must be sound too, or the text was cut.
                reader.CheckDepth();
            }
        }
        catch (XmlException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"{whatItIs} cannot be read: {e.Message}", "syncml"), e);
        }
    }

    /// <summary>Goes through the elements directly inside this one; the action may read each, or leave it.</summary>
    /// <remarks>Afterwards the reader stands behind this element.</remarks>
    public void ForEachChild(Action<SyncMlReader> child)
    {
        if (_xml.IsEmptyElement)
        {
            _xml.Read();
            return;
        }

        int depth = _xml.Depth;
        _xml.Read();
        while (_xml.Depth > depth)
        {
            if (_xml.NodeType == XmlNodeType.Element)
            {
                CheckDepth();
                child(this);
            }
            else
            {
                _xml.Read();
            }
        }

        _xml.Read();
    }

    /// <summary>The text of this element. Markup inside it is kept as it was written.</summary>
    public string ReadText()
    {
        if (_xml.IsEmptyElement)
        {
            _xml.Read();
            return string.Empty;
        }

        int depth = _xml.Depth;
        string first = string.Empty;
        StringBuilder? rest = null;
        _xml.Read();
        while (_xml.Depth > depth)
        {
            if (_xml.NodeType == XmlNodeType.Element)
            {
                CheckDepth();
                (rest ??= new StringBuilder(first)).Append(_xml.ReadOuterXml());
                continue;
            }

            // Text often comes in one piece.
            if (rest is null && first.Length == 0)
            {
                first = _xml.Value;
            }
            else
            {
                (rest ??= new StringBuilder(first)).Append(_xml.Value);
            }

            _xml.Read();
        }

        _xml.Read();
        return rest?.ToString() ?? first;
    }

    public int? ReadNumber() =>
        int.TryParse(ReadText().AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    public void Skip() => _xml.Skip();

    public void Dispose()
    {
        _xml.Dispose();
        _text.Dispose();
    }

    private void CheckDepth()
    {
        if (_xml.Depth > MaxDepth)
        {
            throw new XmlException($"it is deeper than {MaxDepth} elements.");
        }
    }
}
