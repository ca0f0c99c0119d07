using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>CustomDeviceUI: which app is in front after a start, and which run behind it. Only apps that are installed can be named, as <c>FAMILY!APP</c>.</summary>
internal sealed class StartupUiArea : SimulatedArea
{
    public const string Foreground = "./Vendor/MSFT/CustomDeviceUI/StartupAppID";
    public const string Background = "./Vendor/MSFT/CustomDeviceUI/BackgroundTasksToLaunch";

    public override IReadOnlyList<string> Addresses { get; } = [Foreground, Background + "/{*}"];

    public override CspOutcome? OnSet(CspCall call)
    {
        string app = call.Address == Foreground ? call.Data ?? string.Empty : call.Names[0];
        int bang = app.IndexOf('!', StringComparison.Ordinal);
        if (bang <= 0 || bang == app.Length - 1)
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        return AppInventory.IsInstalled(call.Tree, app[..bang]) ? null : new CspOutcome(SyncMlStatus.NotFound);
    }

    /// <summary>An app is gone: nothing is left that would start it.</summary>
    public static void Forget(CspTree tree, string family)
    {
        if (tree.Value(Foreground)?.StartsWith(family + "!", StringComparison.Ordinal) == true)
        {
            tree.Set(Foreground, string.Empty);
        }

        foreach (string app in tree.Names(Background).Where(app => app.StartsWith(family + "!", StringComparison.Ordinal)))
        {
            tree.Remove(LocUri.Combine(Background, app));
        }
    }
}
