using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>One plugin folder as discovery saw it; no code of it has been loaded.</summary>
/// <param name="Id">The folder's name, which is the id of every plugin that is accepted.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Manifest">The manifest; null when it could not be read.</param>
/// <param name="Code">What the metadata of the assembly say; null when it was not read.</param>
/// <param name="Reason">Why the plugin is refused, in one line; null when it is accepted.</param>
internal sealed record FoundPlugin(string Id, string Folder, PluginManifest? Manifest, AssemblyFacts? Code, string? Reason)
{
    public IReadOnlyList<SectionExport> Sections { get; init; } = [];

    public IReadOnlyList<MethodExport> Methods { get; init; } = [];

    public string AssemblyPath => Path.Combine(Folder, Manifest!.Assembly);

    /// <summary>The sections that the plugin may report: its own, and those in which its methods report.</summary>
    public IReadOnlySet<SectionName> OwnedSections
    {
        get
        {
            // By hand: LINQ over a struct of another assembly would be compiled at every start.
            var owned = new HashSet<SectionName>();
            foreach (SectionExport section in Sections)
            {
                owned.Add(section.Name);
            }

            foreach (MethodExport method in Methods)
            {
                if (method.Reports is { } reports)
                {
                    owned.Add(reports);
                }
            }

            return owned;
        }
    }
}

/// <summary>A class with <see cref="TwinSectionAttribute"/>, its names checked.</summary>
internal sealed record SectionExport(
    string TypeName, SectionName Name, IReadOnlyList<SectionName> After, TimeSpan ApplyLimit, TimeSpan ReadLimit, bool ApplyAtBoot, bool HoldsSecrets);

/// <summary>A class with <see cref="Contracts.Methods.DirectMethodAttribute"/>, its names checked.</summary>
internal sealed record MethodExport(string TypeName, string Name, SectionName? Reports, TimeSpan Limit, TimeSpan WorkLimit);

/// <summary>What an assembly's metadata say.</summary>
/// <param name="Parts">Full names of all exported classes.</param>
/// <param name="Sections">Attributes of section classes.</param>
/// <param name="Methods">Attributes of method classes.</param>
/// <param name="References">The assemblies it needs.</param>
internal sealed record AssemblyFacts(
    IReadOnlyList<string> Parts,
    IReadOnlyList<ExportAttributeFacts> Sections,
    IReadOnlyList<ExportAttributeFacts> Methods,
    IReadOnlyList<(string Name, Version Version)> References);

/// <summary>One attribute as it stands in the metadata.</summary>
internal sealed record ExportAttributeFacts(string TypeName, bool IsConstructible, string? Name, IReadOnlyDictionary<string, object?> Named)
{
    public int Seconds(string key, int otherwise) => Named.TryGetValue(key, out object? value) && value is int seconds ? seconds : otherwise;
}
