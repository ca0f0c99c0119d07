using System.Runtime.Loader;
using ModularDM.Contracts;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>Finds plugin folders, checks them and says which are accepted and why the others are not. Loads no code of any plugin.</summary>
internal sealed class PluginDiscovery(PluginsOptions options)
{
    /// <summary>All plugins in the one order that also settles who keeps a name that two claim: core first, then by id.</summary>
    public IReadOnlyList<FoundPlugin> Discover()
    {
        var found = new List<FoundPlugin>();
        Scan(options.CoreFolder, isCore: true, found);
        int core = found.Count;
        string coreRoot = Normal(options.CoreFolder);
        foreach (string folder in options.OemFolders.Select(Normal).Distinct().Where(folder => folder != coreRoot))
        {
            Scan(folder, isCore: false, found);
        }

        found.Sort(0, core, ById.Instance);
        // Stable for equal ids, so that of two folders the one of the earlier root keeps the id.
        List<FoundPlugin> oem = [.. found.Skip(core).OrderBy(plugin => plugin.Id, StringComparer.Ordinal)];
        found.RemoveRange(core, oem.Count);
        found.AddRange(oem);
        return NameOwners.Settle(found);
    }

    private static string Normal(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private void Scan(string root, bool isCore, List<FoundPlugin> found)
    {
        var rootFolder = new DirectoryInfo(root);
        if (!rootFolder.Exists)
        {
            return;
        }

        foreach (DirectoryInfo folder in rootFolder.EnumerateDirectories())
        {
            // Names with a leading dot are installers' unfinished work, and lost+found is the file system's.
            if (folder.Name[0] != '.' && folder.Name != "lost+found")
            {
                found.Add(Examine(rootFolder, folder, isCore));
            }
        }
    }

    private FoundPlugin Examine(DirectoryInfo root, DirectoryInfo folder, bool isCore)
    {
        PluginManifest? manifest = null;
        AssemblyFacts? code = null;
        string file = folder.Name;
        try
        {
            if (options.Disabled.Contains(folder.Name, StringComparer.OrdinalIgnoreCase))
            {
                return Refused(Refusal.SwitchedOff);
            }

            if (FolderPermissions.Problem(root, folder) is { } unsafeFile)
            {
                return Refused(unsafeFile);
            }

            file = PluginManifest.FileName;
            string manifestPath = Path.Combine(folder.FullName, file);
            if (!File.Exists(manifestPath))
            {
                return Refused(Refusal.NoManifest);
            }

            var errors = new List<SectionError>();
            manifest = ManifestReader.Read(File.ReadAllBytes(manifestPath), errors);
            if (manifest is null)
            {
                return Refused(Refusal.BadManifest(errors));
            }

            if (ManifestProblem(folder.Name, manifest, isCore) is { } problem)
            {
                return Refused(problem);
            }

            file = manifest.Assembly;
            string assemblyPath = Path.Combine(folder.FullName, file);
            if (!File.Exists(assemblyPath))
            {
                return Refused(Refusal.AssemblyMissing(file));
            }

            code = AssemblyReader.Read(assemblyPath);
            return ReferenceProblem(code, folder.FullName, assemblyPath) is { } missing ? Refused(missing) : Named(code);
        }
        catch (BadImageFormatException)
        {
            return Refused(Refusal.NotAnAssembly(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(Refusal.Unreadable(file, e.Message));
        }

        FoundPlugin Refused(string reason) => new(folder.Name, folder.FullName, manifest, code, reason);

        FoundPlugin Named(AssemblyFacts facts)
        {
            if (facts.Sections.Count == 0 && facts.Methods.Count == 0)
            {
                return Refused(Refusal.NoExports);
            }

            var rules = new NameRules(manifest.Id, isCore, options);
            List<SectionExport> sections = rules.Sections(facts.Sections);
            List<MethodExport> methods = rules.Methods(facts.Methods);
            return new FoundPlugin(folder.Name, folder.FullName, manifest, facts, rules.Problems.Count == 0 ? null : string.Join("; ", rules.Problems))
            {
                Sections = sections, Methods = methods,
            };
        }
    }

    private string? ManifestProblem(string folder, PluginManifest manifest, bool isCore)
    {
        var problems = new List<string>();
        if (manifest.Id != folder)
        {
            problems.Add(Refusal.IdDiffers(folder, manifest.Id));
        }

        if (manifest.Api != PluginManifest.CurrentApi)
        {
            problems.Add(Refusal.WrongApi(manifest.Api));
        }

        if (manifest.Isolation != PluginIsolation.None)
        {
            problems.Add(Refusal.Isolation);
        }

        string vendor = manifest.Id[..manifest.Id.IndexOf('.', StringComparison.Ordinal)];
        if (!isCore && NameRules.IsReserved(vendor, options))
        {
            problems.Add($"id '{manifest.Id}': {Refusal.ReservedVendor(vendor)}");
        }

        return problems.Count == 0 ? null : string.Join("; ", problems);
    }

    private static string? ReferenceProblem(AssemblyFacts code, string folder, string assemblyPath)
    {
        List<string>? missing = null;
        AssemblyDependencyResolver? resolver = null;
        foreach ((string name, Version version) in code.References)
        {
            if (HostAssemblies.Ceiling(name) is { } here)
            {
                if (version > here)
                {
                    return Refusal.NeedsNewer(name, version, here);
                }
            }
            else if (!HostAssemblies.CanLend(name) && !File.Exists(Path.Combine(folder, name + ".dll")) && !HostAssemblies.CanLoad(name))
            {
                // Reading deps.json is dear, and only a dependency in a sub-folder (runtimes/...) needs it.
                resolver ??= new AssemblyDependencyResolver(assemblyPath);
                if (resolver.ResolveAssemblyToPath(new System.Reflection.AssemblyName(name)) is null)
                {
                    (missing ??= []).Add($"{name} {version}");
                }
            }
        }

        return missing is null ? null : Refusal.MissingDependencies(missing);
    }

    private sealed class ById : IComparer<FoundPlugin>
    {
        public static readonly ById Instance = new();

        public int Compare(FoundPlugin? x, FoundPlugin? y) => string.CompareOrdinal(x!.Id, y!.Id);
    }
}
