namespace ModularDM.Hub.Local.Throttling;

/// <summary>
/// Lets so much pass at once, then so much in a second; what is over that is told how long to wait. Tokens may be taken ahead of time, so that waiters need no queue.
/// </summary>
/// <remarks>Not one of System.Threading.RateLimiting: those take no clock, and count whole permits for each period, where a minute's 100 fall due one by one.</remarks>
internal sealed class TokenBucket(ThrottleRate rate, TimeProvider time)
{
    private readonly Lock gate = new();
    private double tokens = rate.Burst;
    private long filled = time.GetTimestamp();

    /// <summary>Takes so many tokens.</summary>
    /// <param name="cost">How many.</param>
    /// <param name="wait">How long to wait before what they were taken for; when they are not there, until when to try again.</param>
    /// <returns><see langword="false"/> when the wait would be too long: nothing is taken then.</returns>
    public bool TryTake(double cost, out TimeSpan wait)
    {
        lock (gate)
        {
            long now = time.GetTimestamp();
            tokens = Math.Min(rate.Burst, tokens + (time.GetElapsedTime(filled, now).TotalSeconds * rate.PerSecond));
            filled = now;
            wait = TimeSpan.FromSeconds(Math.Max(0, (cost - tokens) / rate.PerSecond));
            if (wait > rate.LongestWait)
            {
                wait -= rate.LongestWait;
                return false;
            }

            tokens -= cost;
            return true;
        }
    }
}
