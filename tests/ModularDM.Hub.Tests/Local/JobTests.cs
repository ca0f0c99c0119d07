using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Jobs;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class JobTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static int jobs;

    [Fact]
    public async Task UpdateTwin_OnCondition_PatchesTheDevicesThatMatch()
    {
        await using RawDevice first = await fixture.ConnectNewAsync();
        await using RawDevice second = await fixture.ConnectNewAsync();
        await using RawDevice other = await fixture.ConnectNewAsync();
        await TagAsync("kitchen", first.Id, second.Id);
        string job = NewId();
        ServiceAnswer put = await PutAsync(
            job, """{"type":"scheduleUpdateTwin","queryCondition":"tags.group = 'kitchen'","updateTwin":{"etag":"*","tags":{"done":true},"properties":{"desired":{"a":1}}},"maxExecutionTimeInSeconds":60}""");
        Assert.Equal((200, job, "scheduleUpdateTwin", "queued"), (put.Status, put.Json.GetProperty("jobId").GetString(), put.Json.GetProperty("type").GetString(), put.Json.GetProperty("status").GetString()));
        Assert.Equal("""{"a":1,"$version":2}""", (await first.NextAsync()).Body);
        Assert.Equal("""{"a":1,"$version":2}""", (await second.NextAsync()).Body);
        JsonElement over = await UntilAsync(fixture.Service, job, "completed");
        Assert.Equal("""{"deviceCount":2,"failedCount":0,"succeededCount":2,"runningCount":0,"pendingCount":0}""", over.GetProperty("deviceJobStatistics").GetRawText());
        Assert.Equal("2026-05-06T07:08:09.0000000Z"[..10], over.GetProperty("endTime").GetString()![..10]);
        Assert.Equal("""{"$version":1}""", (await other.GetTwinAsync()).GetProperty("desired").GetRawText());

        ServiceAnswer rows = await QueryAsync(fixture.Service, $"SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '{job}' AND devices.jobs.status = 'completed'");
        Assert.Equal("DeviceJob", rows.Headers.GetValues("x-ms-item-type").Single());
        Assert.Equal([first.Id, second.Id], rows.Json.EnumerateArray().Select(r => r.GetProperty("deviceId").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal("scheduleUpdateTwin", rows.Json[0].GetProperty("jobType").GetString());
    }

    [Fact]
    public async Task DeviceMethod_AnswerOfflineAndSilence_AreEachToldInTheRow()
    {
        await using RawDevice answering = await fixture.ConnectNewAsync();
        await using RawDevice silent = await fixture.ConnectNewAsync();
        string offline = await fixture.NewDeviceAsync();
        await TagAsync("method", answering.Id, silent.Id, offline);
        string job = NewId();
        await PutAsync(job, """{"type":"scheduleDeviceMethod","queryCondition":"tags.group = 'method'","cloudToDeviceMethod":{"methodName":"m","payload":{"x":1},"responseTimeoutInSeconds":5}}""");
        (string topic, string body) = await answering.NextAsync();
        Assert.Equal("""{"x":1}""", body);
        Assert.True(MqttTopics.TryParseMethodRequest(topic, out _, out string? rid));
        await silent.NextAsync();
        await answering.PublishAsync(MqttTopics.MethodResponse(207, rid), """{"ok":true}""");
        await UntilAsync(fixture.Service, job, json => json.GetProperty("deviceJobStatistics").GetProperty("runningCount").GetInt32() == 1);
        JsonElement over = await UntilAsync(fixture.Service, job, json =>
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            return json.GetProperty("status").GetString() == "completed";
        });
        Assert.Equal("""{"deviceCount":3,"failedCount":2,"succeededCount":1,"runningCount":0,"pendingCount":0}""", over.GetProperty("deviceJobStatistics").GetRawText());

        Dictionary<string, JsonElement> rows = await RowsAsync(fixture.Service, job);
        Assert.Equal("""{"deviceMethodResponse":{"status":207,"payload":{"ok":true}}}""", rows[answering.Id].GetProperty("outcome").GetRawText());
        Assert.Equal("404103", rows[offline].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("504101", rows[silent.Id].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("failed", rows[silent.Id].GetProperty("status").GetString());
    }

    [Fact]
    public async Task Job_StartInTheFuture_WaitsForIt()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string job = NewId();
        string start = (fixture.Clock.GetUtcNow() + TimeSpan.FromMinutes(2)).ToString("O");
        ServiceAnswer put = await PutAsync(
            job, $$$$"""{"type":"scheduleUpdateTwin","queryCondition":"deviceId IN ['{{{{device.Id}}}}']","updateTwin":{"properties":{"desired":{"late":1}}},"startTime":"{{{{start}}}}"}""");
        Assert.Equal("scheduled", put.Json.GetProperty("status").GetString());
        fixture.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("scheduled", (await GetAsync(fixture.Service, job)).GetProperty("status").GetString());
        Assert.Equal("""{"$version":1}""", (await device.GetTwinAsync()).GetProperty("desired").GetRawText());
        fixture.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("""{"late":1,"$version":2}""", (await device.NextAsync()).Body);
        await UntilAsync(fixture.Service, job, "completed");
    }

    [Fact]
    public async Task Cancel_RunningAndWaitingJobs_EndsThemAndTheirRows()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string running = NewId();
        string waiting = NewId();
        await PutAsync(running, Method(device.Id, "\"responseTimeoutInSeconds\":300"));
        await device.NextAsync();
        await PutAsync(waiting, Method(device.Id));

        // One job at a time: the second has its turn only when the first is over.
        Assert.Equal("queued", (await GetAsync(fixture.Service, waiting)).GetProperty("status").GetString());
        Assert.False(device.HasMore);
        ServiceAnswer cancelled = await fixture.Service.SendAsync("POST", $"/jobs/v2/{running}/cancel");
        Assert.Equal((200, "cancelled"), (cancelled.Status, cancelled.Json.GetProperty("status").GetString()));
        Assert.Equal("canceled", (await RowsAsync(fixture.Service, running))[device.Id].GetProperty("status").GetString());
        ServiceAnswer again = await fixture.Service.SendAsync("POST", $"/jobs/v2/{running}/cancel");
        Assert.Equal((400, "InvalidOperation"), (again.Status, again.ErrorName));

        Assert.True(MqttTopics.TryParseMethodRequest((await device.NextAsync()).Topic, out _, out string? rid));
        await device.PublishAsync(MqttTopics.MethodResponse(200, rid), "1");
        await UntilAsync(fixture.Service, waiting, "completed");
    }

    [Fact]
    public async Task Job_OverItsTime_FailsWithTheDevicesThatAreLeft()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string job = NewId();
        await PutAsync(job, Method(device.Id, "\"responseTimeoutInSeconds\":300").Replace("\"type\"", "\"maxExecutionTimeInSeconds\":10,\"type\"", StringComparison.Ordinal));
        await device.NextAsync();
        fixture.Clock.Advance(TimeSpan.FromSeconds(10));
        JsonElement over = await UntilAsync(fixture.Service, job, "failed");
        Assert.Contains("maxExecutionTimeInSeconds (10)", over.GetProperty("failureReason").GetString(), StringComparison.Ordinal);
        Assert.Equal("500008", (await RowsAsync(fixture.Service, job))[device.Id].GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Put_SameIdAndUnknownId_AreRefused()
    {
        string job = NewId();
        await PutAsync(job, Method("nobody"));
        ServiceAnswer twice = await PutAsync(job, Method("nobody"));
        Assert.Equal((409, "JobAlreadyExists"), (twice.Status, twice.ErrorName));
        JsonElement over = await UntilAsync(fixture.Service, job, "completed");
        Assert.Equal(0, over.GetProperty("deviceJobStatistics").GetProperty("deviceCount").GetInt32());
        Assert.Equal((404, "JobNotFound"), await fixture.Service.SendAsync("GET", "/jobs/v2/none") is var get ? (get.Status, get.ErrorName) : default);
        Assert.Equal(404, (await fixture.Service.SendAsync("POST", "/jobs/v2/none/cancel")).Status);
    }

    [Theory]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("""{"type":"reboot","queryCondition":"*"}""", "'type' must be one of: scheduleUpdateTwin, scheduleDeviceMethod")]
    [InlineData("""{"type":"scheduleUpdateTwin","queryCondition":"*"}""", "needs 'updateTwin'")]
    [InlineData("""{"type":"scheduleDeviceMethod","queryCondition":"*"}""", "needs 'cloudToDeviceMethod'")]
    [InlineData("""{"type":"scheduleDeviceMethod","queryCondition":"*","cloudToDeviceMethod":{"methodName":"a b"}}""", "'methodName'")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{}}""", "needs a 'queryCondition'")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{},"queryCondition":"tags.a ="}""", "unexpected end of input")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{"tags":{"a.b":1}},"queryCondition":"*"}""", "a.b")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{},"queryCondition":"*","startTime":"soon"}""", "'startTime'")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{},"queryCondition":"*","startTime":"2999-01-01T00:00:00Z"}""", "within 365 days")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{},"queryCondition":"*","maxExecutionTimeInSeconds":-1}""", "'maxExecutionTimeInSeconds'")]
    [InlineData("""{"jobId":"other","type":"scheduleUpdateTwin","updateTwin":{},"queryCondition":"*"}""", "'jobId' differs")]
    public async Task Put_Mistake_Is400AndSaysWhat(string body, string expected)
    {
        string job = NewId();
        ServiceAnswer answer = await PutAsync(job, body);
        Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
        Assert.Contains(expected, answer.Json.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/jobs/v2/" + job)).Status);
    }

    [Fact]
    public async Task List_ByTypeAndStatus_IsPaged()
    {
        string start = (fixture.Clock.GetUtcNow() + TimeSpan.FromDays(40)).ToString("O");
        string[] ids = [NewId(), NewId(), NewId()];
        foreach (string id in ids)
        {
            await PutAsync(id, $$$"""{"type":"scheduleUpdateTwin","queryCondition":"*","updateTwin":{},"startTime":"{{{start}}}"}""");
        }

        const string path = "/jobs/v2/query?jobType=ScheduleUpdateTwin&jobStatus=scheduled";
        ServiceAnswer first = await fixture.Service.SendAsync("GET", path, headers: ("x-ms-max-item-count", "2"));
        Assert.Equal("JobResponse", first.Headers.GetValues("x-ms-item-type").Single());
        ServiceAnswer second = await fixture.Service.SendAsync(
            "GET", path, headers: [("x-ms-max-item-count", "2"), ("x-ms-continuation", first.Headers.GetValues("x-ms-continuation").Single())]);
        Assert.False(second.Headers.Contains("x-ms-continuation"));
        Assert.Equal(ids.Order(StringComparer.Ordinal), Ids(first).Concat(Ids(second)));
        Assert.Equal("[]", (await fixture.Service.SendAsync("GET", "/jobs/v2/query?jobType=scheduleDeviceMethod&jobStatus=scheduled")).Body);
        Assert.Equal(400, (await fixture.Service.SendAsync("GET", "/jobs/v2/query?jobStatus=lost")).Status);
        foreach (string id in ids)
        {
            await fixture.Service.SendAsync("POST", $"/jobs/v2/{id}/cancel");
        }

        string?[] Ids(ServiceAnswer answer) => [.. answer.Json.EnumerateArray().Select(j => j.GetProperty("jobId").GetString())];
    }

    [Fact]
    public async Task Restart_RunningAndScheduledJobs_GoOnAndHistoryEnds()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));
        var options = new LocalHubOptions { MqttPort = 0, HttpsPort = 0, DataFolder = folder, TimeProvider = clock, Devices = ["asked", "other"] };
        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, clock);
            await using var device = new RawDevice(hub.GetDeviceConnectionString("asked"), hub.CaFile, clock);
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await service.SendAsync("PUT", "/jobs/v2/call", Method("asked", "\"responseTimeoutInSeconds\":300"));
            await device.NextAsync();
            await service.SendAsync("PUT", "/jobs/v2/next", """{"type":"scheduleUpdateTwin","queryCondition":"*","updateTwin":{"tags":{"next":1}}}""");
            string start = (clock.GetUtcNow() + TimeSpan.FromMinutes(5)).ToString("O");
            await service.SendAsync("PUT", "/jobs/v2/later", $$$$"""{"type":"scheduleUpdateTwin","queryCondition":"deviceId = 'other'","updateTwin":{"tags":{"later":1}},"startTime":"{{{{start}}}}"}""");
        }

        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, clock);
            await UntilAsync(service, "call", "completed");
            JsonElement row = (await RowsAsync(service, "call"))["asked"];
            Assert.Equal("500001", row.GetProperty("error").GetProperty("code").GetString());
            Assert.Contains("started again", row.GetProperty("error").GetProperty("description").GetString(), StringComparison.Ordinal);
            Assert.Equal(2, (await UntilAsync(service, "next", "completed")).GetProperty("deviceJobStatistics").GetProperty("succeededCount").GetInt32());
            Assert.Equal("scheduled", (await GetAsync(service, "later")).GetProperty("status").GetString());
            clock.Advance(TimeSpan.FromMinutes(5));
            await UntilAsync(service, "later", "completed");
            Assert.Equal("""{"next":1,"later":1}""", (await service.SendAsync("GET", "/twins/other")).Json.GetProperty("tags").GetRawText());
        }

        clock.Advance(TimeSpan.FromDays(29));
        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, clock);
            Assert.Equal("completed", (await GetAsync(service, "later")).GetProperty("status").GetString());
            Assert.Equal("1", (await RowsAsync(service, "later")).Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        clock.Advance(TimeSpan.FromDays(2));
        await using (LocalHub hub = await LocalHub.StartAsync(options))
        {
            using var service = new ServiceClient(hub.ServiceConnectionString, hub.CaFile, clock);
            Assert.Equal(404, (await service.SendAsync("GET", "/jobs/v2/later")).Status);
            Assert.Empty(await RowsAsync(service, "later"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Pace_MoreThanItsRate_WaitForTheNextSeconds()
    {
        var clock = new FakeTimeProvider();
        var pace = new OperationPace(10, clock);
        clock.Advance(TimeSpan.FromSeconds(3));
        Task[] waits = [.. Enumerable.Range(0, 25).Select(_ => pace.WaitAsync(TestContext.Current.CancellationToken))];
        Assert.All(waits[..10], w => Assert.True(w.IsCompleted));
        Assert.All(waits[10..], w => Assert.False(w.IsCompleted));
        clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(waits[..20]);
        Assert.All(waits[20..], w => Assert.False(w.IsCompleted));

        // Places that were given away count in their second, whoever comes then.
        Task late = pace.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(late.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll([.. waits, late]);
    }

    private static string NewId() => "job-" + Interlocked.Increment(ref jobs).ToString("D3", System.Globalization.CultureInfo.InvariantCulture);

    private static string Method(string device, string more = "\"payload\":null") =>
        $$$"""{"type":"scheduleDeviceMethod","queryCondition":"deviceId = '{{{device}}}'","cloudToDeviceMethod":{"methodName":"m",{{{more}}}}}""";

    private static Task<ServiceAnswer> QueryAsync(ServiceClient service, string query) => service.SendAsync("POST", "/devices/query", JsonSerializer.Serialize(new { query }));

    private static async Task<Dictionary<string, JsonElement>> RowsAsync(ServiceClient service, string job) =>
        (await QueryAsync(service, $"SELECT * FROM devices.jobs WHERE jobId = '{job}'")).Json.EnumerateArray().ToDictionary(r => r.GetProperty("deviceId").GetString()!);

    private static async Task<JsonElement> GetAsync(ServiceClient service, string job)
    {
        ServiceAnswer answer = await service.SendAsync("GET", "/jobs/v2/" + job);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    private static Task<JsonElement> UntilAsync(ServiceClient service, string job, string status) =>
        UntilAsync(service, job, json => json.GetProperty("status").GetString() == status);

    // Services have no other signal of a job's end than to ask.
    private static async Task<JsonElement> UntilAsync(ServiceClient service, string job, Predicate<JsonElement> reached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            JsonElement json = await GetAsync(service, job);
            if (reached(json))
            {
                return json;
            }

            Assert.False(limit.IsCancellationRequested, $"The job did not come so far: {json}");
        }
    }

    private async Task TagAsync(string group, params string[] devices)
    {
        foreach (string device in devices)
        {
            await fixture.Service.SendAsync("PATCH", "/twins/" + device, $$$"""{"tags":{"group":"{{{group}}}"}}""");
        }
    }

    private Task<ServiceAnswer> PutAsync(string job, string body) => fixture.Service.SendAsync("PUT", "/jobs/v2/" + job, body);
}
