using System.IO.Pipelines;
using System.Text.Json;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Protocol;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class EventTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Stream_LifeOfADevice_IsToldInOrderWithWhoDidIt()
    {
        using EventReader events = await fixture.Service.OpenEventsAsync("?device=eva");
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/devices/eva", "{}", headers: [("x-modulardm-actor", "anna@example.com")])).Status);
        Assert.Equal(200, (await fixture.Service.SendAsync("PATCH", "/twins/eva", """{"tags":{"room":"7"},"properties":{"desired":{"a":{"b":1}}}}""")).Status);
        await using (var device = new RawDevice(fixture.Hub.GetDeviceConnectionString("eva"), fixture.Hub.CaFile, fixture.Clock))
        {
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await device.RequestAsync(MqttTopics.ReportedPatch("1"), """{"x":null,"y":2}""");
            await device.PublishAsync(MqttTopics.Telemetry("eva", [new("k", "v")]), "hello", MqttQualityOfServiceLevel.AtLeastOnce);
            Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", "/twins/eva/methods", """{"methodName":"m"}""");
            Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
            await device.PublishAsync(MqttTopics.MethodResponse(299, rid), "1");
            await call;
        }

        Assert.Equal("""{"status":"enabled","by":{"kind":"service","policy":"iothubowner","actor":"anna@example.com"}}""", await NextAsync(events, "deviceCreated"));
        Assert.Equal("""{"section":"desired","version":2,"replaced":false,"patch":{"a":{"b":1}},"by":{"kind":"service","policy":"iothubowner"}}""", await NextAsync(events, "twinChanged"));
        Assert.Equal("""{"section":"tags","replaced":false,"patch":{"room":"7"},"by":{"kind":"service","policy":"iothubowner"}}""", await NextAsync(events, "twinChanged"));
        Assert.Equal("{}", await NextAsync(events, "connected"));
        Assert.Equal("""{"section":"reported","version":2,"replaced":false,"patch":{"x":null,"y":2},"by":{"kind":"device"}}""", await NextAsync(events, "twinChanged"));
        Assert.StartsWith("""{"sequence":1,"bodyBytes":5,"properties":{"k":"v","iothub-connection-device-id":"eva",""", await NextAsync(events, "messageArrived"), StringComparison.Ordinal);
        Assert.Equal("""{"method":"m","status":299,"by":{"kind":"service","policy":"iothubowner"}}""", await NextAsync(events, "methodInvoked"));
        Assert.Equal("""{"reason":"closedByDevice"}""", await NextAsync(events, "disconnected"));
        await fixture.Service.SendAsync("POST", "/twins/eva/methods", """{"methodName":"m"}""");
        Assert.Equal("""{"method":"m","error":"DeviceNotOnline","by":{"kind":"service","policy":"iothubowner"}}""", await NextAsync(events, "methodInvoked"));
        await fixture.Service.SendAsync("PUT", "/devices/eva", """{"status":"disabled"}""", "*");
        Assert.Equal("""{"status":"disabled","by":{"kind":"service","policy":"iothubowner"}}""", await NextAsync(events, "deviceChanged"));
        await fixture.Service.SendAsync("DELETE", "/devices/eva", ifMatch: "*");
        await NextAsync(events, "deviceRemoved");
    }

    [Fact]
    public async Task Stream_LastEventId_ResumesBehindIt()
    {
        string id = await fixture.NewDeviceAsync();
        string second;
        using (EventReader events = await fixture.Service.OpenEventsAsync($"?device={id}&type=twinChanged,connected"))
        {
            await PatchAsync(id, 1);
            await PatchAsync(id, 2);
            await events.NextAsync();
            (second, _, _) = await events.NextAsync();
        }

        await PatchAsync(id, 3);
        using EventReader resumed = await fixture.Service.OpenEventsAsync($"?device={id}", second);
        (_, string type, JsonElement data) = await resumed.NextAsync();
        Assert.Equal(("twinChanged", """{"n":3}"""), (type, data.GetProperty("patch").GetRawText()));
    }

    [Fact]
    public async Task Stream_IdOfAnEarlierRun_BeginsWithAGap()
    {
        string id = await fixture.NewDeviceAsync();
        await PatchAsync(id, 1);
        using EventReader events = await fixture.Service.OpenEventsAsync($"?device={id}&type=twinChanged", "abc-17");
        Assert.Equal("gap", (await events.NextAsync()).Type);
        Assert.Equal("twinChanged", (await events.NextAsync()).Type);
    }

    [Fact]
    public async Task Stream_Quiet_SendsHeartbeats()
    {
        using EventReader events = await fixture.Service.OpenEventsAsync("?device=nobody");
        Task<string?> line = events.NextLineAsync();
        while (!line.IsCompleted)
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(line, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.Equal(": still here", await line);
    }

    [Theory]
    [InlineData("?type=twinchanged", null)]
    [InlineData("?type=connected,", null)]
    [InlineData("", "seven")]
    [InlineData("", "abc-")]
    [InlineData("", "-1")]
    public async Task Stream_BadRequest_Is400(string query, string? lastEventId)
    {
        (string, string)[] headers = lastEventId is null ? [] : [("Last-Event-ID", lastEventId)];
        Assert.Equal((400, "ArgumentInvalid"), await AnswerAsync("/modulardm/events" + query, headers));
    }

    [Fact]
    public async Task Request_BadActor_Is400AndDoesNothing()
    {
        string id = await fixture.NewDeviceAsync();
        ServiceAnswer answer = await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":1}}""", headers: [("x-modulardm-actor", new string('x', 129))]);
        Assert.Equal(400, answer.Status);
        Assert.Equal("{}", (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("tags").GetRawText());
    }

    [Fact]
    public async Task Stream_ReaderFallsBehindWhatIsKept_EndsWithAWord()
    {
        // A reader that takes nothing until more happened than is kept.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(pipe.Writer.AsStream()));
        var log = new EventLog(fixture.Clock);
        Task stream = new EventEndpoints(log, fixture.Clock).StreamAsync(context);
        for (int i = 0; i < EventLog.MaxEvents + 1000; i++)
        {
            log.Publish(HubEventTypes.Connected, "d", static _ => { });
        }

        using var lines = new StreamReader(pipe.Reader.AsStream());
        Task<string> text = lines.ReadToEndAsync();
        await stream.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        await pipe.Writer.CompleteAsync();
        string last = (await text).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.Contains("event: dropped\ndata: {\"reason\":\"The reader was too slow", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_OpenStream_EndsWithAWord()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        LocalHub hub = await LocalHub.StartAsync(new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder });
        using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, TimeProvider.System);
        using EventReader events = await service.OpenEventsAsync();
        await hub.DisposeAsync();
        Assert.Equal("end", (await events.NextAsync()).Type);
        Assert.True(await events.EndsAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Log_ReaderAtAnyPlace_GetsWhatFollowsOrIsToldOfTheLoss() => Gen.Select(Gen.Int[0, 25_000], Gen.Int[0, 25_000]).Sample((published, place) =>
    {
        var log = new EventLog(new FakeTimeProvider());
        for (int i = 0; i < published; i++)
        {
            log.Publish(HubEventTypes.Connected, "d", static _ => { });
        }

        place = Math.Min(place, published);
        EventPage page = log.ReadAfter(place);
        long oldest = Math.Max(1, published - EventLog.MaxEvents + 1);
        Assert.Equal(place + 1 < oldest, page.Lost);
        long from = Math.Max(oldest, place + 1);
        Assert.Equal(Enumerable.Range(0, (int)Math.Min(256, published - from + 1)).Select(i => from + i), page.Events.Select(e => e.Sequence));
        Assert.True(log.TryParse(log.IdOf(place), out long read, out bool mine) && mine && read == place);
    }, iter: 30);

    [Fact]
    public void Log_LargeEvents_AreBoundedByBytes()
    {
        var log = new EventLog(new FakeTimeProvider());
        string large = new('x', 1024 * 1024);
        for (int i = 0; i < 40; i++)
        {
            log.Publish(HubEventTypes.TwinChanged, "d", json => json.WriteString("x", large));
        }

        EventPage page = log.ReadAfter(0);
        Assert.True(page.Lost);
        Assert.InRange(page.Events.Sum(e => (long)e.Data.Length), 30L * 1024 * 1024, EventLog.MaxBytes);
        Assert.Equal(40, page.Events[^1].Sequence);
    }

    private async Task PatchAsync(string id, int n) =>
        Assert.Equal(200, (await fixture.Service.SendAsync("PATCH", "/twins/" + id, $$$$"""{"properties":{"desired":{"n":{{{{n}}}}}}}""")).Status);

    private async Task<(int, string?)> AnswerAsync(string path, (string, string)[] headers)
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("GET", path, version: false, headers: headers);
        return (answer.Status, answer.ErrorName);
    }

    // Everything but what each event has, and without the constant part.
    private static async Task<string> NextAsync(EventReader events, string type)
    {
        (_, string actual, JsonElement data) = await events.NextAsync();
        Assert.Equal(type, actual);
        Assert.Equal((type, "eva"), (data.GetProperty("type").GetString(), data.GetProperty("deviceId").GetString()));
        return "{" + string.Join(",", data.EnumerateObject().Where(m => m.Name is not ("type" or "time" or "deviceId")).Select(m => $"\"{m.Name}\":{m.Value.GetRawText()}")) + "}";
    }

    [Fact]
    public async Task Stream_WhatAJobAndAConfigurationDo_IsTheHubsWithTheirIds()
    {
        string id = await fixture.NewDeviceAsync();
        using EventReader events = await fixture.Service.OpenEventsAsync($"?device={id}&type=twinChanged");
        string job = $$$$"""{"type":"scheduleUpdateTwin","queryCondition":"deviceId = '{{{{id}}}}'","updateTwin":{"tags":{"told":1}}}""";
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/jobs/v2/told", job)).Status);
        Assert.Equal("""tags {"told":1} {"kind":"hub","actor":"jobs/told"}""", await ByAsync(events));
        string configuration = """{"content":{"deviceContent":{"properties.desired.told":2}},"targetCondition":"tags.told = 1","priority":1}""";
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/configurations/tells", configuration)).Status);
        Assert.Equal(
            """desired {"told":2} {"kind":"hub","actor":"configurations/tells"}""", await ByAsync(events));
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/configurations/tells", ifMatch: "*")).Status);
        Assert.Equal("""desired {"told":null} {"kind":"hub","actor":"configurations/tells"}""", await ByAsync(events));
    }

    private static async Task<string> ByAsync(EventReader events)
    {
        (_, _, JsonElement data) = await events.NextAsync();
        return $"{data.GetProperty("section").GetString()} {data.GetProperty("patch").GetRawText()} {data.GetProperty("by").GetRawText()}";
    }
}
