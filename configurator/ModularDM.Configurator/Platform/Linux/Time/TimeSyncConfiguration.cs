namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>timesyncd.conf and its drop-ins, merged as systemd does.</summary>
internal static class TimeSyncConfiguration
{
    private const int MaxBytes = 64 * 1024;
    private static readonly string[] s_folders = ["etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd"];

    /// <summary>A drop-in with these servers and no others: the empty assignment drops what earlier files gave.</summary>
    public static string Render(string servers) => $"# Written by ModularDM.\n[Time]\nNTP=\nNTP={servers}\n";

    /// <summary>The servers in force below a root folder; empty when there are none.</summary>
    public static string ReadServers(string root)
    {
        var servers = new List<string>();
        foreach (string file in Files(root).Where(file => new FileInfo(file).Length <= MaxBytes))
        {
            Merge(File.ReadLines(file), servers);
        }

        return string.Join(' ', servers);
    }

    internal static void Merge(IEnumerable<string> lines, List<string> servers)
    {
        bool inTime = false;
        foreach (string line in lines.Select(line => line.Trim()))
        {
            if (line.StartsWith('['))
            {
                inTime = line == "[Time]";
            }
            else if (inTime && line.Split('=', 2, StringSplitOptions.TrimEntries) is ["NTP" or "Servers", var value])
            {
                if (value.Length == 0)
                {
                    servers.Clear();
                }

                servers.AddRange(value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(server => !servers.Contains(server)));
            }
        }
    }

    // The main file first, then the drop-ins by name; an earlier folder hides files of the same name in later ones.
    private static IEnumerable<string> Files(string root)
    {
        foreach (string main in s_folders.Select(folder => Path.Combine(root, folder, "timesyncd.conf")).Where(File.Exists).Take(1))
        {
            yield return main;
        }

        var dropIns = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string folder in s_folders.Select(folder => Path.Combine(root, folder, "timesyncd.conf.d")).Where(Directory.Exists))
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.conf"))
            {
                dropIns.TryAdd(Path.GetFileName(file), file);
            }
        }

        foreach (string file in dropIns.Values)
        {
            yield return file;
        }
    }
}
