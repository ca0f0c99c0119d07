using System.Xml;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Reads a device description file (DDF v2) into a schema. Names of elements count, prefixes do not.</summary>
internal static class DdfReader
{
    private const int MaxDepth = 64;
    private static readonly XmlReaderSettings s_settings = new()
    {
        // The files have a document type with an internal subset. Nothing of it is used, and nothing is fetched.
        DtdProcessing = DtdProcessing.Ignore,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
        MaxCharactersInDocument = 64 * 1024 * 1024,
    };

    /// <returns>What is against the rules of DDF; such a node is read with the nearest rule that makes sense.</returns>
    /// <exception cref="NodeTableException">It is no DDF.</exception>
    public static IReadOnlyList<string> Read(Stream stream, CspSchema schema)
    {
        var problems = new List<string>();
        try
        {
            using var xml = XmlReader.Create(stream, s_settings);
            if (xml.MoveToContent() != XmlNodeType.Element || xml.LocalName != "MgmtTree")
            {
                throw new NodeTableException("It is no device description: the document is no MgmtTree.");
            }

            ForEachChild(xml, () =>
            {
                if (xml.LocalName == "Node")
                {
                    ReadNode(xml, schema, null, problems);
                }
                else
                {
                    xml.Skip();
                }
            });
        }
        catch (XmlException e)
        {
            throw new NodeTableException(e.Message, e);
        }

        return problems;
    }

    private static void ReadNode(XmlReader xml, CspSchema schema, CspNodeDefinition? parent, List<string> problems)
    {
        string name = string.Empty;
        string path = ".";
        CspNodeDefinition? node = null;
        if (xml.Depth > MaxDepth)
        {
            throw new NodeTableException("Its nodes are nested too deep.");
        }

        ForEachChild(xml, () =>
        {
            switch (xml.LocalName)
            {
                case "NodeName":
                    name = xml.ReadElementContentAsString().Trim();
                    break;
                case "Path":
                    path = xml.ReadElementContentAsString().Trim();
                    break;
                case "DFProperties":
                    node = Define(DdfProperties.Read(xml));
                    break;
                case "Node":
                    ReadNode(xml, schema, node ??= Define(null), problems);
                    break;
                default:
                    xml.Skip();
                    break;
            }
        });
        if (node is null)
        {
            Define(null);
        }

        CspNodeDefinition Define(DdfProperties? properties)
        {
            string last = name.Length == 0 ? CspNodeDefinition.AnyName : name;
            CspNodeTraits traits = properties?.ToTraits(name.Length == 0) ?? CspNodeTraits.Folder;
            CspNodeDefinition made = parent?.Child(last, traits) ?? schema.Define([.. CspSchema.Split(path), last], traits);
            problems.AddRange(properties?.Problems.Select(problem => $"{made.Address} {problem}.") ?? []);
            return made;
        }
    }

    /// <summary>Goes through the elements inside the one that the reader stands at; the action reads each whole. Afterwards the reader stands behind it.</summary>
    internal static void ForEachChild(XmlReader xml, Action child)
    {
        if (xml.IsEmptyElement)
        {
            xml.Read();
            return;
        }

        int depth = xml.Depth;
        xml.Read();
        while (xml.Depth > depth)
        {
            if (xml.NodeType == XmlNodeType.Element)
            {
                child();
            }
            else
            {
                xml.Read();
            }
        }

        xml.Read();
    }
}
