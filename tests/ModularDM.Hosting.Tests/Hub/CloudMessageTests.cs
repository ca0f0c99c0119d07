using System.Text;
using System.Threading.Channels;
using ModularDM.Hosting.Hub;

namespace ModularDM.Hosting.Tests.Hub;

public sealed class CloudMessageTests : IAsyncLifetime
{
    private const string Topic = "devices/thermostat/messages/devicebound/";
    private readonly RawHub _hub = new();
    private readonly TestDevice _device = new();
    private readonly Channel<CloudMessage> _received = Channel.CreateUnbounded<CloudMessage>();
    private MqttHubConnection _connection = null!;
    private RawLink _link = null!;

    public async ValueTask InitializeAsync()
    {
        _device.Options.ConnectionString = $"HostName=contoso.example.com;DeviceId=thermostat;SharedAccessKey={TestDevice.Key};GatewayHostName=localhost:{_hub.Port}";
        _connection = _device.Run();
        _link = await _hub.Links.ReadAsync(_device.Limit);
        await _device.ConnectedAsync();
        string first = Encoding.UTF8.GetString(await _link.NextAsync(0x82, _device.Limit));
        Assert.DoesNotContain("devicebound", first, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _device.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Receive_FirstHandler_SubscribesAndAcknowledgesAfterTheHandlerReturned()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable registration = _connection.ReceiveMessages(async (message, _) =>
        {
            _received.Writer.TryWrite(message);
            await release.Task;
        });
        byte[] subscribe = await _link.NextAsync(0x82, _device.Limit);
        Assert.Equal("devices/thermostat/messages/devicebound/#", Encoding.UTF8.GetString(subscribe, 4, subscribe.Length - 5));
        Assert.Equal(1, subscribe[^1]);

        await _link.PublishAsync(Topic + "%24.mid=m1&%24.to=%2Fdevices%2Fthermostat%2Fmessages%2FdeviceBound&note=a%20b&bare", "hello", 7, _device.Limit);

        CloudMessage message = await _received.Reader.ReadAsync(_device.Limit);
        Assert.Equal(("hello", "m1", "a b", (string?)null), (Encoding.UTF8.GetString(message.Body.Span), message.MessageId, message.Properties["note"], message.Properties["bare"]));
        await _connection.SendMessageAsync(new DeviceMessage(default, new Dictionary<string, string>()), _device.Limit);
        Assert.False(_link.Packets.TryRead(out _));
        release.SetResult();
        Assert.Equal([0, 7], await _link.NextAsync(0x40, _device.Limit));
    }

    [Fact]
    public async Task Receive_HandlerThrows_GetsTheMessageAgainBeforeTheNextOne()
    {
        int calls = 0;
        using IDisposable registration = _connection.ReceiveMessages((message, _) =>
        {
            _received.Writer.TryWrite(message);
            return ++calls == 1 ? throw new InvalidOperationException("not now") : Task.CompletedTask;
        });
        await _link.NextAsync(0x82, _device.Limit);

        await _link.PublishAsync(Topic, "a", 1, _device.Limit);
        await _link.PublishAsync(Topic, "b", 2, _device.Limit);

        Assert.Equal([0, 1], await _link.NextAsync(0x40, _device.Limit));
        Assert.Equal([0, 2], await _link.NextAsync(0x40, _device.Limit));
        string[] order = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ => Encoding.UTF8.GetString((await _received.Reader.ReadAsync(_device.Limit)).Body.Span)))];
        Assert.Equal(["a", "a", "b"], order);
        Assert.Contains("not now", _device.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_NobodyWants_LeavesTheMessageAtTheHubAndTakesTheSubscriptionBack()
    {
        await _link.PublishAsync(Topic, "a", 1, _device.Limit);

        byte[] unsubscribe = await _link.NextAsync(0xA2, _device.Limit);

        Assert.Equal("devices/thermostat/messages/devicebound/#", Encoding.UTF8.GetString(unsubscribe, 4, unsubscribe.Length - 4));
        Assert.False(_link.Packets.TryRead(out _));
        Assert.Contains("nobody wants it", _device.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Receive_SecondHandler_IsRefusedUntilTheFirstIsGone()
    {
        IDisposable first = _connection.ReceiveMessages((_, _) => Task.CompletedTask);
        Assert.Throws<InvalidOperationException>(() => _connection.ReceiveMessages((_, _) => Task.CompletedTask));

        first.Dispose();
        first.Dispose();

        using IDisposable second = _connection.ReceiveMessages((_, _) => Task.CompletedTask);
        first.Dispose();
        Assert.Throws<InvalidOperationException>(() => _connection.ReceiveMessages((_, _) => Task.CompletedTask));
    }

    [Fact]
    public async Task Answers_LateTwiceOrUnknown_AreHarmless()
    {
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _hub.OnPublish = (_, topic, _) =>
        {
            asked.TrySetResult(topic);
            return Task.CompletedTask;
        };
        using var gaveUp = new CancellationTokenSource();
        Task<long> first = _connection.ReportAsync("{}"u8.ToArray(), gaveUp.Token);
        string late = (await asked.Task.WaitAsync(_device.Limit)).Split("$rid=")[1];
        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        _hub.OnPublish = async (link, topic, _) =>
        {
            string id = topic.Split("$rid=")[1];
            await link.PublishAsync($"$iothub/twin/res/204/?$rid={late}&$version=1", "", cancellationToken: _device.Limit);
            await link.PublishAsync("$iothub/twin/res/204/?$rid=ffff&$version=2", "", cancellationToken: _device.Limit);
            await link.PublishAsync($"$iothub/twin/res/204/?$rid={id}&$version=9", "", cancellationToken: _device.Limit);
            await link.PublishAsync($"$iothub/twin/res/204/?$rid={id}&$version=10", "", cancellationToken: _device.Limit);
        };

        Assert.Equal(9, await _connection.ReportAsync("{}"u8.ToArray(), _device.Limit));
        Assert.Equal(9, await _connection.ReportAsync("{}"u8.ToArray(), _device.Limit));
    }
}
