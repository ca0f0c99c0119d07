using System.Text.Json;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Throttling;

namespace ModularDM.Hub.Tests.Local.Throttling;

/// <summary>A hub that takes two of everything at once, one more each second, and holds back for two seconds at most.</summary>
public sealed class ThrottledFixture : HubFixture
{
    protected override LocalHubOptions Configure(LocalHubOptions options)
    {
        var rate = new ThrottleRate(1, 2, TimeSpan.Zero);
        return options with
        {
            Throttle = new HubThrottle
            {
                Registry = rate,
                Connections = rate,
                DeviceToCloud = rate,
                CloudToDevice = rate,
                JobDeviceOperations = rate,
                MethodKilobytes = new ThrottleRate(4, 8, TimeSpan.Zero),
                TwinReads = new ThrottleRate(1, 2, TimeSpan.FromSeconds(2)),
                TwinUpdates = rate,
                Queries = rate,
            },
        };
    }
}

public sealed class ThrottleTests(ThrottledFixture fixture) : IClassFixture<ThrottledFixture>
{
    [Theory]
    [InlineData("GET", "/devices", null)]
    [InlineData("POST", "/devices/query", """{"query":"SELECT * FROM devices"}""")]
    [InlineData("PATCH", "/twins/nobody", "{}")]
    public async Task Rest_OverTheRate_Is429AndSaysWhenToComeAgain(string verb, string path, string? body)
    {
        Rest();
        for (int i = 0; i < 2; i++)
        {
            Assert.NotEqual(429, (await fixture.Service.SendAsync(verb, path, body)).Status);
        }

        ServiceAnswer answer = await fixture.Service.SendAsync(verb, path, body);
        Assert.Equal((429, "ThrottlingException", "1"), (answer.Status, answer.ErrorName, answer.Headers.RetryAfter?.ToString()));
        fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotEqual(429, (await fixture.Service.SendAsync(verb, path, body)).Status);
    }

    [Fact]
    public async Task Method_LargerThanFourKilobytes_CountsForMore()
    {
        Rest();
        string id = await fixture.NewDeviceAsync();
        string large = $$"""{"methodName":"m","payload":"{{new string('x', 5000)}}"}""";
        Assert.Equal(404, (await fixture.Service.SendAsync("POST", $"/twins/{id}/methods", large)).Status);
        Assert.Equal(429, (await fixture.Service.SendAsync("POST", $"/twins/{id}/methods", """{"methodName":"m"}""")).Status);
    }

    [Fact]
    public async Task Connections_OverTheRate_AreAnsweredServerUnavailable()
    {
        Rest();
        byte[] codes = new byte[3];
        for (int i = 0; i < 3; i++)
        {
            await using var device = new WireDevice(await fixture.NewDeviceAsync());
            byte[] answer = await device.ConnectAsync(fixture);
            Assert.Equal([0x20, 0x02, 0x00], answer[..3]);
            codes[i] = answer[3];
        }

        Assert.Equal([0, 0, 3], codes);
    }

    [Fact]
    public async Task Reports_OverTheRate_AreAnswered429AndChangeNothing()
    {
        Rest();
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync("$iothub/twin/res/#"));
        string[] answers = new string[3];
        string last = "";
        for (int i = 0; i < 3; i++)
        {
            await device.PublishAsync($"$iothub/twin/PATCH/properties/reported/?$rid={i}", $$"""{"n":{{i}}}""");
            (answers[i], last) = await device.ReadPublishAsync();
        }

        Assert.Equal(["$iothub/twin/res/204/?$rid=0&$version=2", "$iothub/twin/res/204/?$rid=1&$version=3", "$iothub/twin/res/429/?$rid=2"], answers);
        using JsonDocument error = JsonDocument.Parse(last);
        Assert.Equal(429001, error.RootElement.GetProperty("errorCode").GetInt32());
        await device.PublishAsync("$iothub/twin/GET/?$rid=g");
        Assert.Equal("""{"desired":{"$version":1},"reported":{"n":1,"$version":3}}""", (await device.ReadPublishAsync()).Body);
    }

    [Fact]
    public async Task TwinReads_OverTheBurst_AreHeldBackBeforeTheyAreRefused()
    {
        Rest();
        string id = await fixture.NewDeviceAsync();
        Task<ServiceAnswer>[] reads = [.. Enumerable.Range(0, 5).Select(_ => fixture.Service.SendAsync("GET", "/twins/" + id))];
        var ended = new List<Task<ServiceAnswer>>();
        for (int i = 0; i < 3; i++)
        {
            ended.Add(await Task.WhenAny(reads.Except(ended)));
        }

        // Two pass, one is too many, and two wait for the clock: for one second and for two.
        Assert.Equal([200, 200, 429], (await Task.WhenAll(ended)).Select(answer => answer.Status).Order());
        Assert.Equal(2, reads.Count(read => !read.IsCompleted));
        ServiceAnswer[] answers = await fixture.AdvanceUntilAsync(Task.WhenAll(reads));
        Assert.Equal([200, 200, 200, 200, 429], answers.Select(answer => answer.Status).Order());
    }

    [Fact]
    public async Task TwinReads_OfADeviceOverTheBurst_AreAnsweredInOrderAfterTheWait()
    {
        Rest();
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        Assert.Equal(0, await device.SubscribeAsync("$iothub/twin/res/#"));
        foreach (string rid in (string[])["0", "1", "2"])
        {
            await device.PublishAsync("$iothub/twin/GET/?$rid=" + rid);
        }

        Assert.Equal("$iothub/twin/res/200/?$rid=0", (await device.ReadPublishAsync()).Topic);
        Assert.Equal("$iothub/twin/res/200/?$rid=1", (await device.ReadPublishAsync()).Topic);
        Task<(string Topic, string Body)> held = device.ReadPublishAsync();
        await device.SendAsync(0xC0);
        Assert.False(held.IsCompleted);
        Assert.Equal("$iothub/twin/res/200/?$rid=2", (await fixture.AdvanceUntilAsync(held)).Topic);
        Assert.Equal([0xD0, 0x00], await device.ReadPacketAsync());
    }

    [Fact]
    public async Task Messages_OverTheRate_CostTheLink()
    {
        Rest();
        await using WireDevice device = await WireDevice.ConnectedAsync(fixture);
        for (int i = 0; i < 3; i++)
        {
            await device.PublishAsync($"devices/{device.Id}/messages/events/", "{}");
        }

        Assert.Equal("FIN", await device.EndAsync());
    }

    // All buckets are full again.
    private void Rest() => fixture.Clock.Advance(TimeSpan.FromSeconds(10));

    [Fact]
    public async Task MessagesToDevices_ByAmqpOverTheRate_AreRejectedByName()
    {
        Rest();
        string id = await fixture.NewDeviceAsync();
        await using AmqpServiceClient service = await AmqpServiceClient.ConnectAsync(fixture);
        Assert.Null(await service.SendAsync(id, "1"));
        Assert.Null(await service.SendAsync(id, "2"));
        Assert.Equal("com.microsoft:device-container-throttled", await service.SendAsync(id, "3"));
        Assert.Equal(2, (await fixture.Service.SendAsync("GET", "/devices/" + id)).Json.GetProperty("cloudToDeviceMessageCount").GetInt32());
        fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await service.SendAsync(id, "4"));
    }

    [Fact]
    public async Task Job_OverTheRateOfDeviceOperations_WaitsAndFailsNoDevice()
    {
        Rest();
        string[] ids = [await fixture.NewDeviceAsync(), await fixture.NewDeviceAsync(), await fixture.NewDeviceAsync()];
        string job = $$$$"""{"type":"scheduleUpdateTwin","queryCondition":"deviceId IN ['{{{{string.Join("','", ids)}}}}']","updateTwin":{"tags":{"a":1}}}""";
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/jobs/v2/paced", job)).Status);
        JsonElement now = await UntilAsync(json => json.GetProperty("deviceJobStatistics").GetProperty("succeededCount").GetInt32() == 2);
        Assert.Equal("running", now.GetProperty("status").GetString());
        JsonElement over = await fixture.AdvanceUntilAsync(UntilAsync(json => json.GetProperty("status").GetString() == "completed"));
        Assert.Equal((3, 0), (over.GetProperty("deviceJobStatistics").GetProperty("succeededCount").GetInt32(), over.GetProperty("deviceJobStatistics").GetProperty("failedCount").GetInt32()));
    }

    [Fact]
    public async Task Connections_OverWebSocket_CountWithTheOthers()
    {
        Rest();
        var address = new Uri($"wss://{fixture.Hub.Host}:{fixture.Hub.HttpsPort}/$iothub/websocket");
        var codes = new List<MQTTnet.MqttClientConnectResultCode>();
        for (int i = 0; i < 3; i++)
        {
            await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(await fixture.NewDeviceAsync()), fixture.Hub.CaFile, fixture.Clock);
            codes.Add(await device.TryConnectAsync(webSocket: address));
        }

        Assert.Equal([MQTTnet.MqttClientConnectResultCode.Success, MQTTnet.MqttClientConnectResultCode.Success, MQTTnet.MqttClientConnectResultCode.ServerUnavailable], codes);
    }

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> holds)
    {
        while (true)
        {
            JsonElement job = (await fixture.Service.SendAsync("GET", "/jobs/v2/paced")).Json;
            if (holds(job))
            {
                return job;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
