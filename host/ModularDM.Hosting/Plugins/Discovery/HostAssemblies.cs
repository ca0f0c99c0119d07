using System.Composition;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>
/// The assemblies that are always the host's, so that a plugin's <c>ITwinSection</c> is the host's <c>ITwinSection</c> even if the plugin's folder brings a copy, and the
/// assemblies that the host and its runtime can lend.
/// </summary>
internal static class HostAssemblies
{
    private static readonly string s_runtimeFolder = RuntimeEnvironment.GetRuntimeDirectory();

    private static readonly Dictionary<string, Version> s_shared = new[]
    {
        typeof(ITwinSection).Assembly, typeof(ConfiguratorRequest).Assembly, typeof(ExportAttribute).Assembly, typeof(ILogger).Assembly,
    }.Select(a => a.GetName()).ToDictionary(n => n.Name!, n => n.Version!, StringComparer.OrdinalIgnoreCase);

    // Names of the runtime's and the host's own files.
    private static readonly Lazy<HashSet<string>> s_lent = new(() =>
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        string list = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "";
        foreach (Range range in list.AsSpan().Split(Path.PathSeparator))
        {
            names.Add(Path.GetFileNameWithoutExtension(list.AsSpan(range)).ToString());
        }

        return names;
    });

    public static bool IsShared(string name) => s_shared.ContainsKey(name);

    /// <summary>The version that the host has of something it does not share a copy of; null when any version will do.</summary>
    public static Version? Ceiling(string name) => s_shared.TryGetValue(name, out Version? version) ? version
        : name is "System.Runtime" ? typeof(object).Assembly.GetName().Version : null;

    /// <summary>True for the .NET runtime's own: types such as <c>JsonElement</c> cross the contract, so a plugin's private copy is never used.</summary>
    public static bool IsRuntime(string name) => File.Exists(Path.Combine(s_runtimeFolder, name + ".dll"));

    /// <summary>True when the host or its runtime has a file of this name.</summary>
    public static bool CanLend(string name) => s_shared.ContainsKey(name) || s_lent.Value.Contains(name);

    /// <summary>Asks the runtime itself. Dear; a single-file host, which has no list of files, needs it.</summary>
    public static bool CanLoad(string name)
    {
        try
        {
            return AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(name)) is not null;
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            return false;
        }
    }
}
