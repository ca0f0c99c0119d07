using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// EnterpriseModernAppManagement: installs packages that lie on this machine, removes them, and keeps the inventory. An installation goes on by itself; its node says
/// how it stands, and goes when it has succeeded.
/// </summary>
internal sealed class AppArea(DeviceWork work) : SimulatedArea
{
    public static readonly TimeSpan Installing = TimeSpan.FromMilliseconds(300);
    public const string Installation = "./Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation";
    private const string Scan = AppInventory.Management + "/UpdateScan";
    private const string RemovePackage = AppInventory.Management + "/RemovePackage";
    private const int Running = 1;
    private const int Failed = 2;

    public override IReadOnlyList<string> Addresses { get; } =
    [
        Installation + "/{*}/HostedInstall", Scan, RemovePackage, AppInventory.NonStore + "/{*}", AppInventory.Management + "/AppStore/{*}",
    ];

    public override void Start(CspTree tree)
    {
        foreach (string family in tree.Change(now => now.Names(Installation)))
        {
            if (tree.Memory(OrderOf(family)) is { } order)
            {
                work.Resume(tree, OrderOf(family), () => Install(tree, family, order));
            }
        }
    }

    public override CspOutcome? OnExec(CspCall call) => call.Address switch
    {
        Scan => ScanForUpdates(call),
        RemovePackage => Remove(call),
        _ => BeginInstall(call),
    };

    public override CspOutcome? OnDelete(CspCall call)
    {
        StartupUiArea.Forget(call.Tree, call.Names[0]);
        return null;
    }

    private static string OrderOf(string family) => $"app.order:{family}";

    private static CspOutcome? ScanForUpdates(CspCall call)
    {
        call.Tree.Set(AppInventory.Management + "/LastScanError", "0");
        return null;
    }

    private static CspOutcome? Remove(CspCall call)
    {
        try
        {
            string? fullName = XElement.Parse(call.Data ?? string.Empty).Attribute("Name")?.Value;
            return string.IsNullOrEmpty(fullName) ? new CspOutcome(SyncMlStatus.BadRequest)
                : AppInventory.Take(call.Tree, fullName) ? null : new CspOutcome(SyncMlStatus.NotFound);
        }
        catch (XmlException)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }
    }

    private CspOutcome? BeginInstall(CspCall call)
    {
        CspTree tree = call.Tree;
        string family = call.Names[0];
        string order = call.Data ?? string.Empty;
        if (AppOrder.Read(order) is null)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        tree.Memorize(OrderOf(family), order);
        Report(tree, family, Running, 0, string.Empty);
        work.Promise(call, OrderOf(family), Installing, () => Install(tree, family, order));
        return null;
    }

    private void Install(CspTree tree, string family, string text) => tree.Change(changed =>
    {
        if (changed.Memory(OrderOf(family)) != text)
        {
            // Another order came, or the installation was taken back.
            return;
        }

        changed.Memorize(OrderOf(family), null);
        DeviceWork.Done(changed, OrderOf(family));
        if (changed.Find(LocUri.Combine(Installation, family)) is null)
        {
            return;
        }

        if (Deploy(changed, family, AppOrder.Read(text)!) is var (error, words) && error != 0)
        {
            Report(changed, family, Failed, error, words);
        }
        else
        {
            changed.Remove(LocUri.Combine(Installation, family));
        }
    });

    private (int Error, string Words) Deploy(CspTree tree, string family, AppOrder order)
    {
        foreach (Uri dependency in order.Dependencies)
        {
            if (!dependency.IsFile || !AppPackage.TryRead(dependency.LocalPath, out _, out _))
            {
                return (unchecked((int)0x80073CF3), $"The package depends on '{dependency}', which cannot be used.");
            }
        }

        if (!order.Package.IsFile)
        {
            return (unchecked((int)0x80072EE7), "The simulated device has no network: the package must lie on this machine.");
        }

        if (!AppPackage.TryRead(order.Package.LocalPath, out AppPackage? package, out string? why))
        {
            return (unchecked((int)0x80073CF0), $"The package cannot be opened: {why}.");
        }

        if (package.Family != family)
        {
            return (unchecked((int)0x80073CFC), $"The package is of the family '{package.Family}'.");
        }

        if (AppInventory.VersionOf(tree, family) > package.Version && !order.AnyVersion)
        {
            return (unchecked((int)0x80073D06), "A higher version is installed already.");
        }

        AppInventory.Put(tree, package, work.Clock.GetUtcNow());
        return (0, string.Empty);
    }

    private static void Report(CspTree tree, string family, int status, int error, string words)
    {
        string place = LocUri.Combine(Installation, family);
        tree.Set($"{place}/Status", status.ToString(CultureInfo.InvariantCulture));
        tree.Set($"{place}/LastError", error.ToString(CultureInfo.InvariantCulture));
        tree.Set($"{place}/LastErrorDesc", words);
        tree.Set($"{place}/ProgressStatus", "0");
    }
}
