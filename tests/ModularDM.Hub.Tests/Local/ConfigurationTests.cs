using System.Text.Json;

namespace ModularDM.Hub.Tests.Local;

public sealed class ConfigurationTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static int configurations;

    [Fact]
    public async Task Create_OverAHundredDevices_ReachesEachAndCountsThem()
    {
        RawDevice[] devices = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => fixture.ConnectNewAsync()));
        try
        {
            foreach (RawDevice device in devices)
            {
                await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"tags":{"hundred":true}}""");
            }

            string id = NewId();
            ServiceAnswer created = await PutAsync(
                id,
                $$$"""
                {"id":"{{{id}}}","schemaVersion":"1.0","labels":{"by":"contoso"},"content":{"deviceContent":{"properties.desired.contoso.fan":{"speed":3} } },"targetCondition":"tags.hundred = true",
                "priority":10,"metrics":{"queries":{"half":"SELECT deviceId FROM devices WHERE properties.reported.half = true"} },"etag":""}
                """);
            Assert.Equal((200, "\"AAAAAAAAAAE=\""), (created.Status, created.ETag));
            foreach (RawDevice device in devices)
            {
                Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=2", """{"contoso":{"fan":{"speed":3}},"$version":2}"""), await device.NextAsync());
            }

            JsonElement counted = await UntilAsync(id, json => Result(json, "systemMetrics", "appliedCount") == 100);
            Assert.Equal(100, Result(counted, "systemMetrics", "targetedCount"));
            Assert.Equal(0, Result(counted, "metrics", "half"));
            Assert.Equal("""[{"n":100}]""", (await QueryAsync($"SELECT COUNT() AS n FROM devices WHERE configurations.[[{id}]].status = 'Applied'")).Body);
            string query = counted.GetProperty("systemMetrics").GetProperty("queries").GetProperty("targetedCount").GetString()!;
            Assert.Equal(100, (await QueryAsync(query)).Json.GetArrayLength());

            // The next run counts what devices report, and finds the one that left.
            foreach (RawDevice device in devices[..50])
            {
                await device.RequestAsync("$iothub/twin/PATCH/properties/reported/?$rid=1", """{"half":true}""");
            }

            await fixture.Service.SendAsync("PATCH", "/twins/" + devices[99].Id, """{"tags":{"hundred":null}}""");
            counted = await UntilAsync(id, json => Result(json, "metrics", "half") == 50, advance: true);
            Assert.Equal(99, Result(counted, "systemMetrics", "appliedCount"));
            Assert.Equal("""{"contoso":null,"$version":3}""", (await devices[99].NextAsync()).Body);
            Assert.False(devices[0].HasMore);

            Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/configurations/" + id, ifMatch: "*")).Status);
            Assert.Equal("""{"contoso":null,"$version":3}""", (await devices[0].NextAsync()).Body);
        }
        finally
        {
            foreach (RawDevice device in devices)
            {
                await device.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Change_TagBetweenRuns_WaitsForTheNextRun()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string id = NewId();
        await PutAsync(id, """{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"tags.waits = true"}""");
        await fixture.Service.SendAsync("PATCH", "/twins/" + device.Id, """{"tags":{"waits":true}}""");
        await UntilAsync(id, json => Result(json, "systemMetrics", "appliedCount") == 1, advance: true);
        Assert.Equal("""{"a":1,"$version":2}""", (await device.NextAsync()).Body);
        await fixture.Service.SendAsync("DELETE", "/configurations/" + id);
    }

    [Fact]
    public async Task Configuration_LifeCycle_IsGuardedByItsETag()
    {
        string id = NewId();
        const string body = """{"content":{"deviceContent":{"properties.desired.a":{"b":1}}},"targetCondition":"tags.nobody = 1","priority":5,"labels":{"x":"y"}}""";
        ServiceAnswer missing = await PutAsync(id, body, "*");
        Assert.Equal((404, "ConfigurationNotFound"), (missing.Status, missing.ErrorName));
        JsonElement created = (await PutAsync(id, body)).Json;
        Assert.Equal("""{"deviceContent":{"properties.desired.a":{"b":1}}}""", created.GetProperty("content").GetRawText());
        Assert.Equal(("1.0", 5, "tags.nobody = 1"), (created.GetProperty("schemaVersion").GetString(), created.GetProperty("priority").GetInt32(), created.GetProperty("targetCondition").GetString()));
        ServiceAnswer twice = await PutAsync(id, body);
        Assert.Equal((409, "ConfigurationAlreadyExists"), (twice.Status, twice.ErrorName));
        ServiceAnswer immutable = await PutAsync(id, body.Replace("\"b\":1", "\"b\":2", StringComparison.Ordinal), "*");
        Assert.Equal((400, "CannotModifyImmutableConfigurationContent"), (immutable.Status, immutable.ErrorName));
        ServiceAnswer stale = await PutAsync(id, body, "\"AAAAAAAAAAk=\"");
        Assert.Equal((412, "PreconditionFailed"), (stale.Status, stale.ErrorName));
        ServiceAnswer changed = await PutAsync(id, body.Replace("\"priority\":5", "\"priority\":6", StringComparison.Ordinal), "\"AAAAAAAAAAE=\"");
        Assert.Equal((200, "\"AAAAAAAAAAI=\"", 6), (changed.Status, changed.ETag, changed.Json.GetProperty("priority").GetInt32()));
        Assert.Equal(changed.Json.GetProperty("createdTimeUtc").GetString(), created.GetProperty("createdTimeUtc").GetString());
        ServiceAnswer list = await fixture.Service.SendAsync("GET", "/configurations?top=100");
        Assert.Contains(list.Json.EnumerateArray(), c => c.GetProperty("id").GetString() == id);
        Assert.Equal(400, (await fixture.Service.SendAsync("GET", "/configurations?top=0")).Status);
        Assert.Equal(412, (await fixture.Service.SendAsync("DELETE", "/configurations/" + id, ifMatch: "\"AAAAAAAAAAE=\"")).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/configurations/" + id, ifMatch: "\"AAAAAAAAAAI=\"")).Status);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/configurations/" + id)).Status);
    }

    [Theory]
    [InlineData("[]", "ArgumentInvalid", "JSON object")]
    [InlineData("{}", "InvalidConfigurationContent", "needs a 'content'")]
    [InlineData("""{"id":"other","content":{"deviceContent":{"properties.desired.a":1}}}""", "ArgumentInvalid", "'id' differs")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"priority":-1}""", "ArgumentInvalid", "'priority'")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"labels":{"a":1}}""", "ArgumentInvalid", "'labels'")]
    [InlineData("""{"content":{}}""", "InvalidConfigurationContent", "either 'deviceContent' or 'moduleContent'")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1},"moduleContent":{"properties.desired.a":1}}}""", "InvalidConfigurationContent", "either")]
    [InlineData("""{"content":{"modulesContent":{"m":{"properties.desired.a":1}}}}""", "InvalidConfigurationContent", "Edge deployment")]
    [InlineData("""{"content":{"deviceContent":{"properties.reported.a":1}}}""", "InvalidConfigurationContent", "'properties.reported.a'")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.":1}}}""", "InvalidConfigurationContent", "properties.desired.")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired":1}}}""", "InvalidConfigurationContent", "must be a JSON object")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":{"b":null}}}}""", "InvalidConfigurationContent", "null")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1,"properties.desired.a.b":2}}}""", "InvalidConfigurationContent", "lies within")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":{"b c":1}}}}""", "InvalidConfigurationContent", "a.b c")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"tags.a ="}""", "InvalidConfigurationTargetCondition", "end of input")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"properties.desired.a = 1"}""", "InvalidConfigurationTargetCondition", "'properties.desired.a'")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"FROM devices.modules"}""", "InvalidConfigurationTargetCondition", "FROM devices.modules")]
    [InlineData("""{"content":{"moduleContent":{"properties.desired.a":1}},"targetCondition":"*"}""", "InvalidConfigurationTargetCondition", "FROM devices.modules")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"metrics":{"queries":{"m":"SELECT"}}}""", "InvalidConfigurationCustomMetricsQuery", "'m'")]
    [InlineData("""{"content":{"deviceContent":{"properties.desired.a":1}},"metrics":{"queries":{"a":"","b":"","c":"","d":"","e":"","f":""}}}""", "InvalidConfigurationCustomMetricsQuery", "at most 5")]
    public async Task Create_Mistake_Is400AndSaysWhat(string body, string error, string expected)
    {
        string id = NewId();
        ServiceAnswer answer = await PutAsync(id, body);
        Assert.Equal((400, error), (answer.Status, answer.ErrorName));
        Assert.Contains(expected, answer.Json.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/configurations/" + id)).Status);
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("a%5Eb")]
    [InlineData("a%20b")]
    [InlineData("a%7Cb")]
    public async Task Create_BadId_Is400(string id) =>
        Assert.Equal("ArgumentInvalid", (await PutAsync(id, """{"content":{"deviceContent":{"properties.desired.a":1}}}""")).ErrorName);

    [Fact]
    public async Task TestQueries_GoodAndBad_TellsEach()
    {
        ServiceAnswer answer = await fixture.Service.SendAsync(
            "POST", "/configurations/testQueries", """{"targetCondition":"tags.a = 1","customMetricQueries":{"good":"SELECT deviceId FROM devices","bad":"SELECT FROM"}}""");
        Assert.Equal((200, ""), (answer.Status, answer.Json.GetProperty("targetConditionError").GetString()));
        JsonProperty problem = Assert.Single(answer.Json.GetProperty("customMetricQueryErrors").EnumerateObject());
        Assert.Equal("bad", problem.Name);
        ServiceAnswer bad = await fixture.Service.SendAsync("POST", "/configurations/testQueries", """{"targetCondition":"tags.a = = 1"}""");
        Assert.Contains("column", bad.Json.GetProperty("targetConditionError").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApplyContent_ToOneDevice_ChangesItAtOnceOrNotAtAll()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        string path = $"/devices/{device.Id}/applyConfigurationContent";
        ServiceAnswer applied = await fixture.Service.SendAsync("POST", path, """{"deviceContent":{"properties.desired.a.b":{"c":1},"properties.desired.d":2}}""");
        Assert.Equal(204, applied.Status);
        Assert.Equal("""{"a":{"b":{"c":1}},"d":2,"$version":2}""", (await device.NextAsync()).Body);
        ServiceAnswer half = await fixture.Service.SendAsync("POST", path, """{"deviceContent":{"properties.desired.a":9},"modulesContent":{"none":{"properties.desired":{"x":1}}}}""");
        Assert.Equal((404, "ModuleNotFound"), (half.Status, half.ErrorName));
        Assert.Equal("InvalidConfigurationContent", (await fixture.Service.SendAsync("POST", path, "{}")).ErrorName);
        Assert.Equal("""{"a":{"b":{"c":1}},"d":2,"$version":2}""", (await device.GetTwinAsync()).GetProperty("desired").GetRawText());
        Assert.Equal(404, (await fixture.Service.SendAsync("POST", "/devices/nobody/applyConfigurationContent", """{"deviceContent":{"properties.desired.a":1}}""")).Status);
    }

    [Fact]
    public async Task ApplyContentAndConfiguration_ForModules_ChangeTheirTwins()
    {
        string device = await fixture.NewDeviceAsync();
        foreach (string module in (string[])["pump", "valve"])
        {
            Assert.Equal(200, (await fixture.Service.SendAsync("PUT", $"/devices/{device}/modules/{module}", $$"""{"deviceId":"{{device}}","moduleId":"{{module}}"}""")).Status);
        }

        Assert.Equal(204, (await fixture.Service.SendAsync("POST", $"/devices/{device}/applyConfigurationContent", """{"modulesContent":{"pump":{"properties.desired":{"x":1}}}}""")).Status);
        string id = NewId();
        await PutAsync(id, $$$"""{"content":{"moduleContent":{"properties.desired.y":2} },"targetCondition":"FROM devices.modules WHERE deviceId = '{{{device}}}'"}""");
        await UntilAsync(id, json => Result(json, "systemMetrics", "appliedCount") == 2);
        ServiceAnswer modules = await QueryAsync($"SELECT * FROM devices.modules WHERE configurations.[[{id}]].status = 'Applied'");
        Assert.Equal("Twin", modules.Headers.GetValues("x-ms-item-type").Single());
        Assert.Equal(["pump", "valve"], modules.Json.EnumerateArray().Select(m => m.GetProperty("moduleId").GetString()));
        JsonElement desired = (await fixture.Service.SendAsync("GET", $"/twins/{device}/modules/pump")).Json.GetProperty("properties").GetProperty("desired");
        Assert.Equal((1, 2), (desired.GetProperty("x").GetInt32(), desired.GetProperty("y").GetInt32()));
        await fixture.Service.SendAsync("DELETE", "/configurations/" + id);
    }

    private static string NewId() => "configuration-" + Interlocked.Increment(ref configurations).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int? Result(JsonElement json, string part, string metric) => json.GetProperty(part).GetProperty("results").TryGetProperty(metric, out JsonElement value) ? value.GetInt32() : null;

    private Task<ServiceAnswer> QueryAsync(string query) =>
        fixture.Service.SendAsync("POST", "/devices/query", JsonSerializer.Serialize(new { query }), headers: ("x-ms-max-item-count", "1000"));

    private Task<ServiceAnswer> PutAsync(string id, string body, string? ifMatch = null) => fixture.Service.SendAsync("PUT", "/configurations/" + id, body, ifMatch);

    // Services have no other signal of a run than what it counted. The clock is moved only where the run is the one of the interval.
    private async Task<JsonElement> UntilAsync(string id, Predicate<JsonElement> reached, bool advance = false)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            ServiceAnswer answer = await fixture.Service.SendAsync("GET", "/configurations/" + id);
            Assert.Equal(200, answer.Status);
            if (reached(answer.Json))
            {
                return answer.Json;
            }

            Assert.False(limit.IsCancellationRequested, $"The configuration did not come so far: {answer.Body}");
            if (advance)
            {
                fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }
}
