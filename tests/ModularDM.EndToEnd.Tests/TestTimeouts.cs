namespace ModularDM.EndToEnd.Tests;

internal static class TestTimeouts
{
    /// <summary>How long a test waits for what should come at once. Generous: the machine may be busy.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);

    /// <summary>How long a whole system may take to start.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>Looks again and again until there is an answer.</summary>
    /// <param name="probe">The answer, or null for none yet.</param>
    /// <param name="describe">What to say when none came.</param>
    /// <param name="limit">How long; <see cref="Default"/> when null.</param>
    public static async Task<T> WaitForAsync<T>(Func<Task<T?>> probe, Func<Task<string>> describe, TimeSpan? limit = null)
        where T : class
    {
        TimeProvider clock = TimeProvider.System;
        long began = clock.GetTimestamp();
        while (true)
        {
            if (await probe() is { } answer)
            {
                return answer;
            }

            if (clock.GetElapsedTime(began) > (limit ?? Default))
            {
                throw new TimeoutException(await describe());
            }

            await Task.Delay(s_pollInterval, clock, TestContext.Current.CancellationToken);
        }
    }
}
