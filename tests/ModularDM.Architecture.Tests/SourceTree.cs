namespace ModularDM.Architecture.Tests;

/// <summary>The files of the repository as they lie on disk, without what a build or a run leaves behind.</summary>
internal static class SourceTree
{
    private static readonly string[] s_leftovers = ["bin", "obj", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every file, relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(new DirectoryInfo(Root)).Select(Relative).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> WithExtension(params string[] extensions) =>
        Files.Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string Relative(FileSystemInfo item) => Path.GetRelativePath(Root, item.FullName).Replace('\\', '/');

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories().Where(IsSource).SelectMany(Walk));

    // Folders that begin with a dot belong to tools, except the one that holds the build's own steps.
    private static bool IsSource(DirectoryInfo folder) =>
        !s_leftovers.Contains(folder.Name, StringComparer.Ordinal) && (folder.Name[0] != '.' || folder.Name == ".ci");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ModularDM.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds ModularDM.sln.");
    }
}
