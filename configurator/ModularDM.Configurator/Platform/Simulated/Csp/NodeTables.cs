using System.Xml;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>The node tables: the project's own, and those that an operator brings in a folder, as <c>*.csp</c> or as DDF v2 <c>*.xml</c>.</summary>
internal static class NodeTables
{
    private const string Own = "ModularDM.Configurator.nodes.csp";

    /// <summary>The project's own table.</summary>
    public static CspSchema LoadOwn()
    {
        var schema = new CspSchema();
        using Stream stream = typeof(NodeTables).Assembly.GetManifestResourceStream(Own)!;
        using var text = new StreamReader(stream);
        NodeTableReader.Read(text, "the built-in node table", schema);
        return schema;
    }

    /// <param name="folder">A folder with further tables, which are read in the order of their names; null is none.</param>
    /// <exception cref="ConfiguratorException">There is no such folder, or one of the tables is wrong; the message names the file.</exception>
    public static CspSchema Load(string? folder)
    {
        CspSchema schema = LoadOwn();
        if (folder is null)
        {
            return schema;
        }

        try
        {
            foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                LoadFile(file, schema);
            }
        }
        catch (Exception e) when (e is NodeTableException or IOException or UnauthorizedAccessException or XmlException)
        {
            throw ConfiguratorException.InvalidArgument($"The node tables in '{folder}' cannot be used: {e.Message}");
        }

        return schema;
    }

    private static void LoadFile(string file, CspSchema schema)
    {
        switch (Path.GetExtension(file))
        {
            case ".csp":
                using (var text = new StreamReader(file))
                {
                    NodeTableReader.Read(text, Path.GetFileName(file), schema);
                }

                return;
            case ".xml":
                using (FileStream stream = File.OpenRead(file))
                {
                    IReadOnlyList<string> problems = DdfReader.Read(stream, schema);
                    if (problems.Count > 0)
                    {
                        throw new NodeTableException($"{Path.GetFileName(file)}: {string.Join(' ', problems)}");
                    }
                }

                return;
            default:
                return;
        }
    }
}
