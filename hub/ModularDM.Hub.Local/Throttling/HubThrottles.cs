using Microsoft.Extensions.Logging;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Throttling;

/// <summary>The hub's throttles at work: a burst passes, more is held back for a while, and beyond that the hub refuses.</summary>
internal sealed partial class HubThrottles(HubThrottle? throttle, TimeProvider time, ILogger<HubThrottles> logger)
{
    public TokenBucket? Registry { get; } = Bucket(throttle?.Registry, nameof(Registry), time);

    public TokenBucket? Connections { get; } = Bucket(throttle?.Connections, nameof(Connections), time);

    public TokenBucket? DeviceToCloud { get; } = Bucket(throttle?.DeviceToCloud, nameof(DeviceToCloud), time);

    public TokenBucket? CloudToDevice { get; } = Bucket(throttle?.CloudToDevice, nameof(CloudToDevice), time);

    public TokenBucket? MethodKilobytes { get; } = Bucket(throttle?.MethodKilobytes, nameof(MethodKilobytes), time);

    public TokenBucket? TwinReads { get; } = Bucket(throttle?.TwinReads, nameof(TwinReads), time);

    public TokenBucket? TwinUpdates { get; } = Bucket(throttle?.TwinUpdates, nameof(TwinUpdates), time);

    public TokenBucket? Queries { get; } = Bucket(throttle?.Queries, nameof(Queries), time);

    public TokenBucket? Jobs { get; } = Bucket(throttle?.Jobs, nameof(Jobs), time);

    public TokenBucket? JobDeviceOperations { get; } = Bucket(throttle?.JobDeviceOperations, nameof(JobDeviceOperations), time);

    public TokenBucket? Configurations { get; } = Bucket(throttle?.Configurations, nameof(Configurations), time);

    /// <summary>Whether anything is throttled at all.</summary>
    public bool Any { get; } = throttle is not null;

    /// <summary>Waits until the operation may be done.</summary>
    /// <param name="bucket">What it counts for; <see langword="null"/> for what is not throttled.</param>
    /// <param name="who">Who asks, for the log.</param>
    /// <param name="cost">How much it counts.</param>
    /// <param name="cancellationToken">Gives up waiting; what was taken stays taken.</param>
    /// <exception cref="HubRefusalException">It would have to wait for too long.</exception>
    public async ValueTask TakeAsync(TokenBucket? bucket, string who, double cost, CancellationToken cancellationToken)
    {
        if (bucket is null)
        {
            return;
        }

        if (!bucket.TryTake(cost, out TimeSpan wait))
        {
            Throttled(who, wait.TotalSeconds);
            throw HubRefusalException.Throttled(wait);
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    /// <summary>Waits until the operation may be done, however long that is: for what the hub does itself.</summary>
    public async ValueTask WaitAsync(TokenBucket? bucket, CancellationToken cancellationToken)
    {
        while (bucket is not null)
        {
            bool taken = bucket.TryTake(1, out TimeSpan wait);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellationToken);
            }

            if (taken)
            {
                return;
            }
        }
    }

    private static TokenBucket? Bucket(ThrottleRate? rate, string name, TimeProvider time)
    {
        rate?.Check(name);
        return rate is null ? null : new TokenBucket(rate, time);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Who} is throttled; {Seconds:0.0} s more would be needed")]
    private partial void Throttled(string who, double seconds);
}
