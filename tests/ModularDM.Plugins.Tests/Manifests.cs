using ModularDM.Contracts;

namespace ModularDM.Plugins.Tests;

/// <summary>The manifests as they stand in the repository.</summary>
internal static class Manifests
{
    public static PluginManifest Of(string project)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ModularDM.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        string area = project.StartsWith("Contoso", StringComparison.Ordinal) ? "samples" : "plugins";
        var errors = new List<SectionError>();
        PluginManifest? manifest = PluginManifest.Parse(File.ReadAllBytes(Path.Combine(folder!, area, project, PluginManifest.FileName)), errors);
        return manifest ?? throw new InvalidOperationException($"{project}: {string.Join("; ", errors)}");
    }
}
