using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// RemoteWipe: the device restarts, and while it starts forgets what it held. <c>wipe-phase</c> in the state folder says how far it is: requested, wiping, wiped.
/// </summary>
internal sealed class WipeArea(SimulatedDevice device, string folder) : SimulatedArea
{
    public const string PhaseFile = "wipe-phase";
    private const string Csp = "./Vendor/MSFT/RemoteWipe/";
    private const string Keep = Csp + "doWipePersistProvisionedData";
    private const string Asked = "wipe.asked";

    // What lets the device find its network and its owner again.
    private static readonly string[] s_provisioned = ["./Vendor/MSFT/WiFi", "./Vendor/MSFT/RootCATrustedCertificates", "./Vendor/MSFT/CertificateStore"];

    public override IReadOnlyList<string> Addresses { get; } = [Csp + "doWipe", Csp + "doWipeProtected", Keep];

    /// <summary>Killed between the order and its end, the device goes on with it.</summary>
    public override void Start(CspTree tree)
    {
        if (tree.Memory(Asked) is not null)
        {
            device.ScheduleReboot("wipe", TimeSpan.Zero);
        }
    }

    public override CspOutcome? OnExec(CspCall call)
    {
        call.Tree.Memorize(Asked, call.Address);
        call.OnCommit(() =>
        {
            Say("requested");
            device.ScheduleReboot("wipe", TimeSpan.Zero);
        });
        return null;
    }

    public override void Boot(CspTree tree)
    {
        if (tree.Memory(Asked) is not { } asked)
        {
            return;
        }

        Say("wiping");
        // The order goes last: killed in between, the device begins again.
        device.Update(state => new SimulatedState { LastBoot = state.LastBoot, Nodes = state.Nodes, Memory = state.Memory });
        tree.Change(wiped =>
        {
            (string Address, string? Value)[] kept = asked == Keep ? [.. s_provisioned.SelectMany(top => Stored(wiped, top))] : [];
            wiped.Reset();
            foreach ((string address, string? value) in kept)
            {
                wiped.Set(address, value);
            }
        });
        Say("wiped");
    }

    private static IEnumerable<(string Address, string? Value)> Stored(CspTree tree, string top)
    {
        var waiting = new Stack<CspNode>();
        if (tree.Find(top) is { } first)
        {
            waiting.Push(first);
        }

        while (waiting.TryPop(out CspNode? node))
        {
            if (node.IsStored)
            {
                yield return (node.Address, node.Stored);
            }

            foreach (CspNode child in node.Known)
            {
                waiting.Push(child);
            }
        }
    }

    private void Say(string phase) => File.WriteAllText(Path.Combine(folder, PhaseFile), phase + "\n");
}
