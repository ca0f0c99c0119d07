using CsCheck;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class HubRetryTests
{
    [Fact]
    public void Next_NetworkFailures_GrowFromFullJitterToTenSeconds()
    {
        var retry = new HubRetry(() => 1);

        double[] waits = [.. Enumerable.Range(0, 12).Select(_ => retry.Next(HubFailure.NotConnected).TotalSeconds)];

        Assert.Equal([0.1, 1, 1, 1, 1.6, 3.2, 6.4, 10, 10, 10, 10, 10], waits);
    }

    [Fact]
    public void Next_AfterReset_StartsAgain()
    {
        var retry = new HubRetry(() => 1);
        retry.Next(HubFailure.NotConnected);
        retry.Next(HubFailure.NotConnected);

        retry.Reset();

        Assert.Equal(TimeSpan.FromMilliseconds(100), retry.Next(HubFailure.NotConnected));
    }

    [Fact]
    public void Next_AnyHistory_StaysWithinTheBoundsOfItsKind()
    {
        Gen.Select(Gen.Enum<HubFailure>().Array[1, 40], Gen.Double[0, 1]).Sample((failures, random) =>
        {
            var retry = new HubRetry(() => random);
            for (int i = 0; i < failures.Length; i++)
            {
                double seconds = retry.Next(failures[i]).TotalSeconds;
                (double low, double high) = failures[i] switch
                {
                    HubFailure.Throttled => (10, 60),
                    HubFailure.Unauthorized or HubFailure.Refused => (30, 60),
                    _ => (i == 0 ? 0 : 1, 10),
                };
                Assert.InRange(seconds, low, high);
            }
        });
    }
}
