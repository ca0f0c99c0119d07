using CsCheck;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local.Throttling;

namespace ModularDM.Hub.Tests.Local.Throttling;

public sealed class TokenBucketTests
{
    [Fact]
    public void Take_AnyPace_NeverPassesMoreThanBurstAndRate()
    {
        Gen.Select(Gen.Double[0.5, 50], Gen.Double[1, 100], Gen.Int[0, 5], Gen.Select(Gen.Int[0, 3000], Gen.Int[1, 20]).Array[1, 100]).Sample((perSecond, burst, patience, steps) =>
        {
            var clock = new FakeTimeProvider();
            var bucket = new TokenBucket(new ThrottleRate(perSecond, burst, TimeSpan.FromSeconds(patience)), clock);
            var passed = new List<(double At, double Cost)>();
            double now = 0;
            foreach ((int milliseconds, int cost) in steps)
            {
                clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
                now += milliseconds / 1000.0;
                if (bucket.TryTake(cost, out TimeSpan wait))
                {
                    Assert.InRange(wait.TotalSeconds, 0, patience);
                    passed.Add((now + wait.TotalSeconds, cost));
                }
                else
                {
                    Assert.True(wait > TimeSpan.Zero);
                }
            }

            // From each that passed to each later one: no window holds more than a burst and what its length allows.
            for (int from = 0; from < passed.Count; from++)
            {
                double sum = 0;
                for (int to = from; to < passed.Count; to++)
                {
                    sum += passed[to].Cost;
                    double most = Math.Max(burst, passed[from].Cost) + ((passed[to].At - passed[from].At) * perSecond);
                    Assert.True(sum <= most + 0.01, $"{sum} passed where {most} may");
                }
            }
        }, iter: 500);
    }

    [Fact]
    public void Take_AfterTheWaitItWasTold_Passes()
    {
        var clock = new FakeTimeProvider();
        var bucket = new TokenBucket(new ThrottleRate(100.0 / 60, 100, TimeSpan.FromSeconds(5)), clock);
        int passed = 0;
        TimeSpan wait;
        while (bucket.TryTake(1, out wait))
        {
            passed++;
        }

        Assert.Equal(108, passed);
        clock.Advance(wait + TimeSpan.FromMilliseconds(1));
        Assert.True(bucket.TryTake(1, out wait));
        Assert.InRange(wait.TotalSeconds, 4.9, 5);
    }

    [Theory]
    [InlineData("s1", 100, 50)]
    [InlineData("s1:10", 120, 500)]
    public void Parse_Units_GivesTheRatesOfTheTier(string text, double connections, double twinUpdates)
    {
        Assert.True(HubThrottle.TryParse(text, out HubThrottle? throttle));
        Assert.Equal((connections, twinUpdates), (throttle.Connections!.PerSecond, throttle.TwinUpdates!.PerSecond));
    }

    [Theory]
    [InlineData("")]
    [InlineData("s2")]
    [InlineData("s1:")]
    [InlineData("s1:0")]
    [InlineData("s1:201")]
    [InlineData("s1:1:1")]
    public void Parse_AnythingElse_IsRefused(string text) => Assert.False(HubThrottle.TryParse(text, out _));

    [Fact]
    public void Rate_OutOfRange_IsRefusedByName() =>
        Assert.Equal("Jobs", Assert.Throws<ArgumentOutOfRangeException>(() => new HubThrottles(new HubThrottle { Jobs = new ThrottleRate(0, 1, default) }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<HubThrottles>.Instance)).ParamName);
}
