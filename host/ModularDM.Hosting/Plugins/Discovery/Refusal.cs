using System.Globalization;
using ModularDM.Contracts;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>The lines that say why a plugin was not accepted. Each is listed with its cure in <c>docs/plugins.md</c>.</summary>
internal static class Refusal
{
    public const string NoManifest = "the folder has no plugin.json";

    public const string NoExports = "the assembly exports no section and no method: no class has [TwinSection] or [DirectMethod]";

    public const string SwitchedOff = "switched off by the setting Plugins:Disabled";

    public const string Isolation = "plugin.json asks for isolation 'process', which this version does not offer; remove the line to run it in the host's process";

    public static string Unreadable(string file, string why) => $"cannot read '{file}': {why}";

    public static string BadManifest(IEnumerable<SectionError> errors) => $"plugin.json: {string.Join("; ", errors)}";

    public static string IdDiffers(string folder, string id) => $"the folder is named '{folder}' but plugin.json says id '{id}'; they must be equal";

    public static string WrongApi(int api) => $"plugin.json says api {api}; this host runs api {PluginManifest.CurrentApi}";

    public static string ReservedVendor(string vendor) => $"the vendor '{vendor}' is accepted from the core plugin folder only";

    public static string WritableByOthers(string path, UnixFileMode mode) =>
        $"'{path}' is writable by others (mode {Convert.ToString((int)mode, 8)})";

    public static string AssemblyMissing(string file) => $"the assembly '{file}' is not in the folder";

    public static string NotAnAssembly(string file) => $"'{file}' is not a .NET assembly";

    public static string NeedsNewer(string assembly, Version needed, Version here) => $"needs {assembly} {needed} or newer; this host has {here}";

    public static string MissingDependencies(IEnumerable<string> names) =>
        $"missing dependency: {string.Join(", ", names)} (not in the folder, the .NET runtime or the host)";

    public static string NotConstructible(string type) => $"class {type} is abstract, generic or static and cannot be exported";

    public static string BadName(string type, string why) => $"class {type}: {why}";

    public static string ForeignVendor(string kind, string name, string id) =>
        $"{kind} '{name}' is not of the plugin's own vendor '{id[..id.IndexOf('.', StringComparison.Ordinal)]}'";

    public static string BadLimit(string type, string key, int value, int most) =>
        string.Create(CultureInfo.InvariantCulture, $"class {type}: {key} is {value}; expected 1 to {most}");

    public static string DeclaredTwice(string kind, string name) => $"{kind} '{name}' is declared by two classes";

    public static string OwnedBy(string kind, string name, string owner) => $"{kind} '{name}' already belongs to plugin '{owner}'";

    public static string IdTaken(string folder) => $"a plugin of this id was already found in '{folder}'";
}
