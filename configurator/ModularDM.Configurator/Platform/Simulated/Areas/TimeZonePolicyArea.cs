using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;
using TimeZoneConverter;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>The policy that sets the device's time zone, by Windows' name for it.</summary>
internal sealed class TimeZonePolicyArea(SimulatedDevice device) : SimulatedArea
{
    public override IReadOnlyList<string> Addresses { get; } = ["./Vendor/MSFT/Policy/Config/TimeLanguageSettings/ConfigureTimeZone"];

    public override CspOutcome? OnSet(CspCall call)
    {
        string name = call.Data ?? string.Empty;
        if (!TZConvert.KnownWindowsTimeZoneIds.Contains(name))
        {
            return new CspOutcome(SyncMlStatus.BadRequest);
        }

        var named = new TimeZoneTransition { Date = string.Empty, Name = name };
        call.OnCommit(() => device.Update(state => state with { Zone = new TimeZoneRule { KeyName = name, Standard = named, Daylight = named } }));
        return null;
    }
}
