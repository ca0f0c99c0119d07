using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ModularDM.Samples.QuickStart;

/// <summary>The folders and files of one QuickStart, as an installer would lay them out on a device.</summary>
internal sealed class Layout
{
    private const int LongestSocketPath = 100;

    public Layout(DirectoryInfo data)
    {
        Root = Directory.CreateDirectory(data.FullName).FullName;
        Hub = Folder("hub");
        Configurator = Folder("configurator");
        Host = Folder("host");
        Logs = Folder("logs");
        CorePlugins = Folder("plugins-core");
        OemPlugins = Folder("plugins");
        PluginSettings = Folder("plugin-settings");

        // A Unix socket's path is at most 107 bytes; a deep data folder gets its socket elsewhere.
        string socket = Path.Combine(Configurator, "configurator.sock");
        Socket = Encoding.UTF8.GetByteCount(socket) <= LongestSocketPath
            ? socket
            : Path.Combine(Path.GetTempPath(), "mdm-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)).AsSpan(0, 8)), "configurator.sock");
    }

    public string Root { get; }

    public string Hub { get; }

    public string Configurator { get; }

    public string Host { get; }

    public string Logs { get; }

    public string CorePlugins { get; }

    public string OemPlugins { get; }

    public string PluginSettings { get; }

    public string Socket { get; }

    public string ConfiguratorState => Path.Combine(Configurator, "state");

    public string Policy => Path.Combine(Configurator, "policy.json");

    public string RebootMarker => Path.Combine(ConfiguratorState, "reboot-requested");

    public string HostConfiguration => Path.Combine(Host, "host.json");

    public string ConnectionString => Path.Combine(Host, "hub-connection-string");

    public string ProcessIds => Path.Combine(Root, "pids");

    /// <summary>The file behind a device attribute. Below the state folder, where the simulated device uses files as they are.</summary>
    public string Attribute(string file) => Path.Combine(ConfiguratorState, "attributes", file);

    /// <summary>
    /// Puts the plugins that were built with this program where the host looks for them. Core plugins follow the program; an OEM plugin that is there already
    /// is refreshed, but its manifest is the user's to change.
    /// </summary>
    public void InstallPlugins()
    {
        foreach (string built in Directory.EnumerateDirectories(Path.Combine(AppContext.BaseDirectory, "plugins", "core")))
        {
            Install(built, CorePlugins, keepManifest: false);
        }

        foreach (string built in Directory.EnumerateDirectories(Path.Combine(AppContext.BaseDirectory, "plugins", "oem")))
        {
            Install(built, OemPlugins, keepManifest: true);
        }
    }

    /// <summary>Writes a file that only this user may read.</summary>
    public static void WritePrivate(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private string Folder(string name)
    {
        string path = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        RefuseOthers(path);
        return path;
    }

    private static void Install(string built, string root, bool keepManifest)
    {
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(built, "plugin.json")))!;
        string target = Path.Combine(root, (string)manifest["id"]!);
        Directory.CreateDirectory(target);
        RefuseOthers(target);
        foreach (string file in Directory.EnumerateFiles(built))
        {
            string copy = Path.Combine(target, Path.GetFileName(file));
            if (keepManifest && Path.GetFileName(file) == "plugin.json" && File.Exists(copy))
            {
                continue;
            }

            // Never in place: a host that still runs may have the old file mapped.
            File.Delete(copy);
            File.Copy(file, copy);
            RefuseOthers(copy);
        }
    }

    private static void RefuseOthers(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite));
        }
    }
}
