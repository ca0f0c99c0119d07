using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Faults;

namespace ModularDM.Hub.Tests.Local.Faults;

/// <summary>A hub that lets faults be injected.</summary>
public sealed class FaultFixture : HubFixture
{
    private static int faults;

    protected override LocalHubOptions Configure(LocalHubOptions options) => options with { AllowFaults = true };

    public InjectedFault Put(Fault fault) => Hub.Faults.Put("fault-" + Interlocked.Increment(ref faults).ToString(System.Globalization.CultureInfo.InvariantCulture), fault);
}
