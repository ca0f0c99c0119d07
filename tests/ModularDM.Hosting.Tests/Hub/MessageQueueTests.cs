using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class MessageQueueTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _test = new(TimeSpan.FromSeconds(30));
    private readonly FakeTimeProvider _clock = new();
    private readonly GatedHub _hub = new();
    private readonly CapturedLog<MessageQueue> _log = new();
    private MessageQueue? _queue;

    public async ValueTask DisposeAsync()
    {
        if (_queue is not null)
        {
            await _queue.StopAsync(CancellationToken.None);
            _queue.Dispose();
        }

        _test.Dispose();
    }

    [Fact]
    public async Task Send_Online_IsTrueOnceAcknowledged()
    {
        MessageQueue queue = await StartAsync(10);
        _hub.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> sending = Send(queue, "a");
        await _hub.Sending.WaitAsync(_test.Token);
        Assert.False(sending.IsCompleted);

        _hub.Gate.SetResult();

        Assert.True(await sending);
        Assert.Equal(["a"], _hub.Sent);
    }

    [Fact]
    public async Task Send_OfflineAndFull_DropsTheOldestAndSaysSoOnce()
    {
        _hub.IsConnected = false;
        MessageQueue queue = await StartAsync(2);
        long dropped = 0;
        int thread = Environment.CurrentManagedThreadId;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "modulardm.messages.dropped")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };

        // The meter is the process's; what is dropped here is counted on the sender's thread.
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => dropped += Environment.CurrentManagedThreadId == thread ? count : 0);
        listener.Start();

        Task<bool>[] all = [Send(queue, "a"), Send(queue, "b"), Send(queue, "c"), Send(queue, "d")];
        Assert.Equal(2, dropped);

        Assert.False(await all[0]);
        Assert.False(await all[1]);
        _hub.IsConnected = true;
        Assert.True(await UntilAsync(all[2]));
        Assert.True(await UntilAsync(all[3]));
        Assert.Equal(["c", "d"], _hub.Sent);
        Assert.Equal(2, _log.Text.Split("were dropped").Length);
    }

    [Fact]
    public async Task Send_OnlineAndFull_WaitsForRoom()
    {
        MessageQueue queue = await StartAsync(1);
        _hub.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> first = Send(queue, "a");
        await _hub.Sending.WaitAsync(_test.Token);
        Task<bool> second = Send(queue, "b");
        Assert.False(second.IsCompleted);

        _hub.Gate.SetResult();

        Assert.True(await first);
        Assert.True(await second.WaitAsync(_test.Token));
        Assert.Equal(["a", "b"], _hub.Sent);
    }

    [Fact]
    public async Task Send_HubFailsForNow_TriesTheSameMessageAgain()
    {
        MessageQueue queue = await StartAsync(10);
        _hub.Failures.Enqueue(HubException.NotConnected("Send message"));
        _hub.Failures.Enqueue(HubException.FromStatus("Send message", 429, null));

        Task<bool>[] both = [Send(queue, "a"), Send(queue, "b")];

        Assert.True(await UntilAsync(both[0]));
        Assert.True(await UntilAsync(both[1]));
        Assert.Equal(["a", "b"], _hub.Sent);
    }

    [Fact]
    public async Task Send_HubRefuses_IsFalseAndTheNextGoesOn()
    {
        MessageQueue queue = await StartAsync(10);
        _hub.Failures.Enqueue(HubException.FromStatus("Send message", 400, "too odd"));

        Assert.False(await Send(queue, "a"));
        Assert.True(await Send(queue, "b"));

        Assert.Equal(["b"], _hub.Sent);
        Assert.Contains("too odd", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_CallerGivesUpWhileOffline_IsNotSentLater()
    {
        _hub.IsConnected = false;
        MessageQueue queue = await StartAsync(10);
        using var caller = new CancellationTokenSource();
        Task<bool> givenUp = queue.SendAsync("x"u8.ToArray(), null, caller.Token);
        Task<bool> kept = Send(queue, "b");

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        _hub.IsConnected = true;
        Assert.True(await UntilAsync(kept));
        Assert.Equal(["b"], _hub.Sent);
    }

    [Fact]
    public async Task Stop_MessagesWaiting_TellsTheirSendersAndLaterOnes()
    {
        _hub.IsConnected = false;
        MessageQueue queue = await StartAsync(10);
        Task<bool> waiting = Send(queue, "a");

        await queue.StopAsync(_test.Token);

        Assert.False(await waiting);
        Assert.False(await Send(queue, "b"));
    }

    [Theory]
    [InlineData(256 * 1024, "", false)]
    [InlineData(256 * 1024, "k", true)]
    [InlineData((256 * 1024) + 1, "", true)]
    public async Task Send_Size_IsBoundedWithItsProperties(int bytes, string key, bool refused)
    {
        MessageQueue queue = await StartAsync(10);
        Dictionary<string, string> properties = key.Length == 0 ? [] : new() { [key] = "" };

        Exception? e = await Record.ExceptionAsync(() => queue.SendAsync(new byte[bytes], properties, _test.Token));

        Assert.Equal(refused, e is ArgumentException);
    }

    private async Task<MessageQueue> StartAsync(int capacity)
    {
        _queue = new MessageQueue(_hub, Options.Create(new HubOptions { MaxQueuedMessages = capacity }), _clock, _log);
        await _queue.StartAsync(_test.Token);
        return _queue;
    }

    private Task<bool> Send(MessageQueue queue, string body) => queue.SendAsync(Encoding.UTF8.GetBytes(body), null, _test.Token);

    /// <summary>Turns the clock, so that pauses end, until a task is done.</summary>
    private async Task<bool> UntilAsync(Task<bool> task)
    {
        while (!task.IsCompleted)
        {
            _test.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System));
        }

        return await task;
    }

    private sealed class GatedHub : IHubConnection
    {
        public string HubHostName => "contoso.example.com";

        public string DeviceId => "thermostat";

        public bool IsConnected { get; set; } = true;

        public TaskCompletionSource? Gate { get; set; }

        public SemaphoreSlim Sending { get; } = new(0);

        public Queue<HubException> Failures { get; } = [];

        public List<string> Sent { get; } = [];

        public async Task SendMessageAsync(DeviceMessage message, CancellationToken cancellationToken)
        {
            Sending.Release();
            if (Gate is { } gate)
            {
                await gate.Task.WaitAsync(cancellationToken);
            }

            if (Failures.TryDequeue(out HubException? failure))
            {
                throw failure;
            }

            Sent.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        public IDisposable ReceiveMessages(Func<CloudMessage, CancellationToken, Task> handler) => throw new NotSupportedException();

        public Task RunAsync(IHubListener listener, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<HubTwin> GetTwinAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<long> ReportAsync(ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
