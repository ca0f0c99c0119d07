using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>The time zone as Windows keeps it: a known key brings its own rules, an unknown one leaves the explicit members in force.</summary>
internal sealed class SimulatedTimeZoneArea(SimulatedDevice device, SimulatedFaults faults, TimeProvider clock) : ITimeZoneArea
{
    private static readonly TimeZoneRule s_utc = new()
    {
        KeyName = "UTC",
        Standard = new TimeZoneTransition { Date = string.Empty, Name = "UTC" },
        Daylight = new TimeZoneTransition { Date = string.Empty, Name = "UTC" },
    };

    public TimeZoneState Read(OperationContext context)
    {
        faults.Apply("timeZone", context);
        ZoneInForce zone = Current();
        return new TimeZoneState
        {
            LocalTime = zone.ToLocal(clock.GetUtcNow()).ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture),
            Zone = zone.Rule,
        };
    }

    public void Set(TimeZoneRule zone, OperationContext context)
    {
        faults.Apply("timeZone", context);
        // Refuses members that make no zone before anything is stored.
        _ = ZoneInForce.Create(zone, clock.GetUtcNow());
        context.Step("set time zone", () => device.Update(state => state with { Zone = zone }));
    }

    public DateTimeOffset LocalTime() => Current().ToLocal(clock.GetUtcNow());

    private ZoneInForce Current() => ZoneInForce.Create(device.Current.Zone ?? s_utc, clock.GetUtcNow());
}

internal sealed class SimulatedNtpArea(SimulatedDevice device, SimulatedFaults faults) : INtpArea
{
    public string Read(OperationContext context)
    {
        faults.Apply("ntp", context);
        return device.Current.NtpServer;
    }

    public void Set(string server, OperationContext context)
    {
        faults.Apply("ntp", context);
        context.Step("set ntp server", () => device.Update(state => state with { NtpServer = server }));
    }
}

internal sealed class SimulatedTimeServiceArea(SimulatedDevice device, SimulatedFaults faults) : ITimeServiceArea
{
    public TimeServiceSettings Read(OperationContext context)
    {
        faults.Apply("timeService", context);
        return device.Current.TimeService;
    }

    public void Set(TimeServiceSettings settings, OperationContext context)
    {
        faults.Apply("timeService", context);
        // A disabled service cannot run.
        context.Step("set time service", () => device.Update(state => state with { TimeService = settings with { Started = settings is { Enabled: true, Started: true } } }));
    }
}
