using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

/// <summary>A planned reconnect, which nobody who asks the hub for something should notice.</summary>
public sealed class RenewalTests
{
    [Fact]
    public async Task Renewal_RequestUnderWay_IsAnsweredFirst()
    {
        await using var hub = new RawHub();
        await using var device = new TestDevice();
        var asked = new TaskCompletionSource<(RawLink Link, string Id)>(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.OnPublish = (link, topic, _) =>
        {
            asked.TrySetResult((link, topic.Split("$rid=")[1]));
            return Task.CompletedTask;
        };
        (FakeTimeProvider clock, MqttHubConnection connection) = await ConnectedAsync(hub, device);
        Task<long> report = connection.ReportAsync("{}"u8.ToArray(), device.Limit);
        (RawLink first, string id) = await asked.Task.WaitAsync(device.Limit);

        clock.Advance(TimeSpan.FromMinutes(8.6));
        await first.PublishAsync($"$iothub/twin/res/204/?$rid={id}&$version=5", "", cancellationToken: device.Limit);

        Assert.Equal(5, await report);
        RawLink second = await hub.Links.ReadAsync(device.Limit);
        Assert.NotSame(first, second);

        // The old link is gone. Its DISCONNECT may be cut off by the reset that an unread PINGRESP causes.
        await first.Packets.ReadAllAsync(device.Limit).CountAsync(device.Limit);
    }

    [Fact]
    public async Task Renewal_RequestsAllTheTime_LosesNone()
    {
        await using var hub = new RawHub();
        await using var device = new TestDevice();
        hub.OnPublish = (link, topic, _) => link.PublishAsync($"$iothub/twin/res/204/?$rid={topic.Split("$rid=")[1]}&$version=5", "");
        (FakeTimeProvider clock, MqttHubConnection connection) = await ConnectedAsync(hub, device);
        using var enough = new CancellationTokenSource();
        Task<int>[] askers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            int asked = 0;
            for (; !enough.IsCancellationRequested; asked++)
            {
                await connection.ReportAsync("{}"u8.ToArray(), device.Limit);
                await Task.Yield();
            }

            return asked;
        }))];

        for (int renewal = 0; renewal < 3; renewal++)
        {
            clock.Advance(TimeSpan.FromMinutes(8.6));
            Task<RawLink> next = hub.Links.ReadAsync(device.Limit).AsTask();
            while (await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System)) != next)
            {
                // Four askers leave hardly a moment in which nothing is under way; the grace ends that, a little of it at a time.
                clock.Advance(TimeSpan.FromSeconds(5));
            }

            Assert.Equal("disconnected", await device.Listener.Events.ReadAsync(device.Limit));
            await device.ConnectedAsync();
        }

        await enough.CancelAsync();
        Assert.All(await Task.WhenAll(askers), asked => Assert.True(asked > 0));
    }

    [Fact]
    public async Task Renewal_NextConnectionRefused_FailsTheWaitingRequestAsNotConnected()
    {
        await using var hub = new RawHub();
        await using var device = new TestDevice();
        (FakeTimeProvider clock, MqttHubConnection connection) = await ConnectedAsync(hub, device);
        hub.ConnectCode = 5;

        clock.Advance(TimeSpan.FromMinutes(8.6));
        await device.Log.WaitForAsync("is not accepted by", device.Limit);

        var e = await Assert.ThrowsAsync<HubException>(() => connection.ReportAsync("{}"u8.ToArray(), device.Limit));
        Assert.Equal(HubFailure.NotConnected, e.Failure);
    }

    [Fact]
    public async Task Close_SomethingUnderWay_LetsMoreBeginUntilAllIsDone()
    {
        var underWay = new InFlight();
        var clock = new FakeTimeProvider();
        Assert.True(underWay.TryEnter());
        Task closing = underWay.CloseAsync(TimeSpan.FromMinutes(1), clock, Task.Delay(Timeout.InfiniteTimeSpan, clock), CancellationToken.None);

        Assert.True(underWay.TryEnter());
        underWay.Leave();
        Assert.False(closing.IsCompleted);
        underWay.Leave();

        Assert.False(underWay.TryEnter());
        await closing.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Close_NeverIdle_EndsWithItsGrace()
    {
        var underWay = new InFlight();
        var clock = new FakeTimeProvider();
        underWay.Enter();
        Task closing = underWay.CloseAsync(TimeSpan.FromMinutes(1), clock, Task.Delay(Timeout.InfiniteTimeSpan, clock), CancellationToken.None);

        clock.Advance(TimeSpan.FromMinutes(1));

        await closing.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.False(underWay.TryEnter());
        underWay.Leave();
    }

    private static async Task<(FakeTimeProvider Clock, MqttHubConnection Connection)> ConnectedAsync(RawHub hub, TestDevice device)
    {
        device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey={TestDevice.Key};GatewayHostName=localhost:{hub.Port}";
        
        // The clock is turned by minutes, and with it what a request may take.
        (device.Options.TokenLifetimeMinutes, device.Options.KeepAliveSeconds, device.Options.RequestTimeoutSeconds) = (10, 1177, 600);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        MqttHubConnection connection = device.Run(clock);
        await hub.Links.ReadAsync(device.Limit);
        await device.ConnectedAsync();
        return (clock, connection);
    }
}
