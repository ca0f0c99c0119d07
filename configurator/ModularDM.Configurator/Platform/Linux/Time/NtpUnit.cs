using ModularDM.Configurator.Platform.Linux.Systemd;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>Finds the unit that keeps the clock, by the lists that timedate1 goes by.</summary>
internal static class NtpUnit
{
    public const string TimeSync = "systemd-timesyncd.service";
    private const int MaxListBytes = 16 * 1024;

    // Earlier folders hide files of the same name in later ones.
    private static readonly string[] s_folders =
        ["/etc/systemd/ntp-units.d", "/run/systemd/ntp-units.d", "/usr/local/lib/systemd/ntp-units.d", "/usr/lib/systemd/ntp-units.d"];

    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.NotSupported"/>: no time service is installed.</exception>
    public static string Find(ServiceManager manager)
    {
        foreach (string unit in ReadLists(s_folders))
        {
            if (manager.UnitFileState(unit) is not null)
            {
                return unit;
            }
        }

        throw ConfiguratorException.NotSupported("No time service is installed on this system (none of the units listed in ntp-units.d exists).", "NoNTPSupport");
    }

    internal static List<string> ReadLists(IReadOnlyList<string> folders)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string folder in folders.Where(Directory.Exists))
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.list"))
            {
                files.TryAdd(Path.GetFileName(file), file);
            }
        }

        var units = new List<string>();
        foreach (string file in files.Values.Where(file => new FileInfo(file).Length <= MaxListBytes))
        {
            units.AddRange(File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';')));
        }

        return units;
    }
}
