using System.Xml.Linq;

namespace ModularDM.Architecture.Tests;

/// <summary>One project, with what its own file and the Directory.Build files above it say.</summary>
internal sealed record Project(string Path)
{
    public static IReadOnlyList<Project> All { get; } = [.. SourceTree.WithExtension(".csproj").Select(path => new Project(path))];

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public bool IsTest => Path.StartsWith("tests/", StringComparison.Ordinal);

    /// <summary>Projects whose types this one can use. A reference for the order of building alone is none.</summary>
    public IReadOnlyList<string> References =>
    [
        .. BuildFiles().SelectMany(file => XDocument.Parse(SourceTree.Read(file)).Descendants("ProjectReference"))
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
            .Select(reference => System.IO.Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    private IEnumerable<string> BuildFiles()
    {
        yield return Path;
        for (string folder = System.IO.Path.GetDirectoryName(Path)!; ; folder = System.IO.Path.GetDirectoryName(folder)!)
        {
            foreach (string name in new[] { "Directory.Build.props", "Directory.Build.targets" })
            {
                string file = System.IO.Path.Combine(folder, name).Replace('\\', '/');
                if (File.Exists(System.IO.Path.Combine(SourceTree.Root, file)))
                {
                    yield return file;
                }
            }

            if (folder.Length == 0)
            {
                yield break;
            }
        }
    }
}
