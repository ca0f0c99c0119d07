using System.Text;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>
/// Microsoft's device descriptions and snippets, which lie beside the repository and are no part of it: in <c>MODULARDM_SHARED</c>, or in a folder
/// <c>shared</c> beside this folder or one above it. Without them a small sample is used; <c>MODULARDM_REQUIRE_SHARED=1</c> forbids that.
/// </summary>
internal static class SharedCsp
{
    private static readonly string? s_folder = Find();

    /// <summary>The real data is there.</summary>
    public static bool IsThere
    {
        get
        {
            Assert.False(
                s_folder is null && Environment.GetEnvironmentVariable("MODULARDM_REQUIRE_SHARED") == "1",
                "MODULARDM_REQUIRE_SHARED is set, but there is no folder shared/csp. MODULARDM_SHARED may name the folder 'shared'.");
            return s_folder is not null;
        }
    }

    /// <summary>Device descriptions by name.</summary>
    public static IReadOnlyList<(string Name, byte[] Content)> Descriptions() =>
        IsThere ? Files("ddf-v2", "*.xml") : [("Contoso.xml", Encoding.UTF8.GetBytes(CspSample.Description)), ("Wrong.xml", Encoding.UTF8.GetBytes(CspSample.WrongDescription))];

    /// <summary>Pieces of SyncML by name, sound and broken ones.</summary>
    public static IReadOnlyList<(string Name, byte[] Content)> Snippets() =>
        IsThere ? Files("syncml", "*.xml") : [.. CspSample.Snippets.Select((text, i) => ($"sample-{i}", Encoding.UTF8.GetBytes(text)))];

    /// <summary>The lines of the list of all nodes, without its head: address, access, format, occurrence, scope.</summary>
    public static IReadOnlyList<string[]> Nodes() =>
        [.. (IsThere ? File.ReadLines(Path.Combine(s_folder!, "csp-nodes.tsv")).Skip(1) : CspSample.Nodes).Select(line => line.Split('\t'))];

    private static List<(string, byte[])> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(s_folder!, folder), pattern).Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))];

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("MODULARDM_SHARED") is { Length: > 0 } given)
        {
            return Path.Combine(given, "csp");
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "csp");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
