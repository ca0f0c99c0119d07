namespace ModularDM.Hub.Local.Faults;

/// <summary>The hub's clock as its faults let it go.</summary>
internal sealed class FaultTime(TimeProvider clock, HubFaults faults) : TimeProvider
{
    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => faults.Any ? clock.GetUtcNow() + faults.Skew : clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(callback, state, dueTime, period);
}
