using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>Reboots through the Reboot CSP, which keeps the schedules too. It takes neither a reason nor a grace: Windows gives five minutes of its own.</summary>
internal sealed class WindowsRebootArea(ICspTransport engine, TimeProvider clock, Func<long> upMilliseconds) : IRebootArea
{
    private readonly CspClient _csp = new(engine);

    public DateTimeOffset ReadLastBoot(OperationContext context)
    {
        DateTimeOffset boot = clock.GetUtcNow() - TimeSpan.FromMilliseconds(upMilliseconds());
        // Two clocks make it: to the second it is the same at each reading, nearly always.
        return new DateTimeOffset(boot.Ticks - (boot.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
    }

    public (DateTimeOffset? Single, DateTimeOffset? Daily) ReadSchedule(OperationContext context) => new CspRebootSchedule(_csp).Read(context);

    public void SetSchedule(DateTimeOffset? single, DateTimeOffset? daily, OperationContext context) => new CspRebootSchedule(_csp).Set(single, daily, context);

    /// <summary>Windows has no list of who holds a shutdown up that a service could read.</summary>
    public IReadOnlyList<string> ReadInhibitors(OperationContext context) => [];

    public DateTimeOffset ReadLocalTime(OperationContext context) => TimeZoneInfo.ConvertTime(clock.GetUtcNow(), clock.LocalTimeZone);

    public void RebootNow(string reason, TimeSpan grace, OperationContext context) => new CspRebootSchedule(_csp).RebootNow(context);
}
