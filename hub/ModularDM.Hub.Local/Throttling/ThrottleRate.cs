namespace ModularDM.Hub.Local.Throttling;

/// <summary>How much of one kind of operation a hub takes.</summary>
/// <param name="PerSecond">How much in a second, in the long run. Over 0.</param>
/// <param name="Burst">How much at once after a rest. Over 0.</param>
/// <param name="LongestWait">How long an operation over that is held back before the hub refuses instead. From 0 to a minute.</param>
public sealed record ThrottleRate(double PerSecond, double Burst, TimeSpan LongestWait)
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostWait = TimeSpan.FromMinutes(1);

    internal static ThrottleRate EachSecond(double number) => new(number, number, DefaultWait);

    internal static ThrottleRate EachMinute(double number) => new(number / 60, number, DefaultWait);

    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal void Check(string name)
    {
        if (!(PerSecond > 0 && Burst > 0 && LongestWait >= TimeSpan.Zero && LongestWait <= MostWait))
        {
            throw new ArgumentOutOfRangeException(name, this, "PerSecond and Burst must be over 0, LongestWait from 0 to 60 s.");
        }
    }
}
