namespace ModularDM.Hosting.Hub;

/// <summary>How long to wait before the next try to connect (IoT Hub wire specification, 6.3).</summary>
/// <param name="random">Numbers from 0 to 1: thousands of devices that lost one hub must not come back in step.</param>
internal sealed class HubRetry(Func<double> random)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_leastAfterFailure = TimeSpan.FromSeconds(1);

    private int _failures;

    /// <summary>A connection that held: the next loss is the first again.</summary>
    public void Reset() => _failures = 0;

    /// <summary>The wait after one more failure.</summary>
    public TimeSpan Next(HubFailure failure)
    {
        int before = _failures++;
        switch (failure)
        {
            case HubFailure.Throttled:
                return Between(10, 60);
            case HubFailure.Unauthorized or HubFailure.Refused:
                // A person has to change something at the hub first.
                return Between(30, 60);
            default:
                TimeSpan bound = TimeSpan.FromTicks(Math.Min(s_longest.Ticks, s_first.Ticks << Math.Min(before, 10)));
                TimeSpan wait = bound * random();
                return before > 0 && wait < s_leastAfterFailure ? s_leastAfterFailure : wait;
        }
    }

    private TimeSpan Between(int low, int high) => TimeSpan.FromSeconds(low + ((high - low) * random()));
}
