using System.Globalization;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>The time on the device's wall.</summary>
internal sealed class LocalTimeArea(Func<DateTimeOffset> localTime) : SimulatedArea
{
    public override IReadOnlyList<string> Addresses { get; } = ["./DevDetail/Ext/Microsoft/LocalTime"];

    public override CspOutcome? OnGet(CspCall call) =>
        new CspOutcome(SyncMlStatus.Ok, localTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture));
}
