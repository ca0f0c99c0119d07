using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// Update: a new device has found two updates. One that is approved is installed a while later; the first wants a reboot for it, the second does not.
/// </summary>
internal sealed class UpdateArea(DeviceWork work) : SimulatedArea
{
    public const string NeedsReboot = "6f1a2c94-0f5b-4c0e-9a57-3c1b7d20a101";
    public const string NeedsNone = "6f1a2c94-0f5b-4c0e-9a57-3c1b7d20a102";
    public static readonly TimeSpan Installing = TimeSpan.FromMilliseconds(300);
    private const string Csp = "./Vendor/MSFT/Update/";
    private const string Approved = Csp + "ApprovedUpdates";
    private const string Installable = Csp + "InstallableUpdates";
    private const string Installed = Csp + "InstalledUpdates";
    private const string Pending = Csp + "PendingRebootUpdates";
    private const string LastScan = Csp + "LastSuccessfulScanTime";
    private const string Seeded = "update.seeded";

    public override IReadOnlyList<string> Addresses { get; } = [Approved + "/{*}"];

    public override void Start(CspTree tree)
    {
        List<string> waiting = tree.Change(changed =>
        {
            if (changed.Memory(Seeded) is null)
            {
                changed.Set(LocUri.Combine(Installable, NeedsReboot));
                changed.Set(LocUri.Combine(Installable, NeedsNone));
                changed.Set(LastScan, CspMoment.Format(work.Clock.GetUtcNow()));
                changed.Memorize(Seeded, "yes");
            }

            return changed.Names(Approved).Intersect(changed.Names(Installable)).ToList();
        });
        foreach (string update in waiting)
        {
            work.Resume(tree, WorkOn(update), () => Install(tree, update));
        }
    }

    public override void Boot(CspTree tree) => tree.Change(changed =>
    {
        foreach (string update in changed.Names(Pending))
        {
            changed.Remove(LocUri.Combine(Pending, update));
            changed.Set(LocUri.Combine(Installed, update));
        }
    });

    public override CspOutcome? OnSet(CspCall call)
    {
        string name = call.Names[0];
        if (!Guid.TryParseExact(name, "D", out Guid update))
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        // The id comes back in lower case, however it was written.
        CspTree tree = call.Tree;
        string id = update.ToString("D");
        if (id != name)
        {
            tree.Remove(call.Address);
            tree.Set(LocUri.Combine(Approved, id));
        }

        tree.Set(LocUri.Combine(Approved, id) + "/ApprovedTime", CspMoment.Format(work.Clock.GetUtcNow()));
        if (tree.Names(Installable).Contains(id))
        {
            work.Promise(call, WorkOn(id), Installing, () => Install(tree, id));
        }

        return null;
    }

    private static string WorkOn(string update) => $"update:{update}";

    private static void Install(CspTree tree, string update) => tree.Change(changed =>
    {
        DeviceWork.Done(changed, WorkOn(update));
        // It may have been taken back, or be done already.
        if (changed.Find(LocUri.Combine(Approved, update)) is not null && changed.Remove(LocUri.Combine(Installable, update)))
        {
            changed.Set(LocUri.Combine(update == NeedsReboot ? Pending : Installed, update));
        }
    });
}
