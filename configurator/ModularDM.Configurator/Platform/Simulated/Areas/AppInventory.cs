using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>Which apps are installed: AppManagement of EnterpriseModernAppManagement, one node for each family, below it one for the package.</summary>
internal static class AppInventory
{
    public const string Management = "./Vendor/MSFT/EnterpriseModernAppManagement/AppManagement";
    public const string NonStore = Management + "/nonStore";
    private static readonly string[] s_sources = [NonStore, Management + "/AppStore", Management + "/System"];

    public static bool IsInstalled(CspTree tree, string family) => s_sources.Any(source => tree.Find(LocUri.Combine(source, family)) is not null);

    /// <summary>The version of the family; null when it is not installed from a file.</summary>
    public static Version? VersionOf(CspTree tree, string family)
    {
        string place = LocUri.Combine(NonStore, family);
        return tree.Names(place).Select(full => tree.Value(LocUri.Combine(place, full) + "/Version")).Select(text => Version.TryParse(text, out Version? version) ? version : null)
            .FirstOrDefault(version => version is not null);
    }

    public static void Put(CspTree tree, AppPackage package, DateTimeOffset now)
    {
        string family = LocUri.Combine(NonStore, package.Family);
        tree.Remove(family);
        string full = LocUri.Combine(family, package.FullName);
        tree.Set($"{full}/Name", package.Name);
        tree.Set($"{full}/Version", package.Version.ToString());
        tree.Set($"{full}/Publisher", package.Publisher);
        tree.Set($"{full}/Architecture", package.Architecture);
        tree.Set($"{full}/InstallLocation", $@"C:\Program Files\WindowsApps\{package.FullName}");
        tree.Set($"{full}/InstallDate", CspMoment.Format(now));
    }

    /// <returns>False when no installed package has this full name.</returns>
    public static bool Take(CspTree tree, string fullName)
    {
        foreach (string source in s_sources[..2])
        {
            foreach (string family in tree.Names(source))
            {
                string place = LocUri.Combine(source, family);
                if (tree.Names(place).Contains(fullName))
                {
                    tree.Remove(place);
                    StartupUiArea.Forget(tree, family);
                    return true;
                }
            }
        }

        return false;
    }
}
