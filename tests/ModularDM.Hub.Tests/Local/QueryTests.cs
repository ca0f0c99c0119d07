using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Tests.Local;

public sealed class QueryTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Theory]
    [InlineData("tags.room = '7'", true)]
    [InlineData("tags.room = \"7\"", true)]
    [InlineData("tags.room != '8'", true)]
    [InlineData("tags.room = 7", false)]
    [InlineData("tags.missing = '7'", false)]
    [InlineData("tags.missing != '7'", false)]
    [InlineData("NOT tags.missing = '7'", true)]
    [InlineData("IS_DEFINED(tags.room)", true)]
    [InlineData("is_defined(tags.missing)", false)]
    [InlineData("tags.level > 2 AND tags.level <= 3.0", true)]
    [InlineData("tags.level < 2 OR (tags.on = true and not tags.on = false)", true)]
    [InlineData("tags.level IN [1, 2, 3]", true)]
    [InlineData("tags.level NIN [1, 2, 3]", false)]
    [InlineData("tags.missing NIN [1]", false)]
    [InlineData("properties.desired.a.b = null", false)]
    [InlineData("properties.desired.a.[[in]] = 'it''s'", true)]
    [InlineData("devices.properties.desired.a.in = 'it\\'s'", true)]
    [InlineData("properties.desired.a = 1", false)]
    [InlineData("status = 'enabled' and connectionState = 'Disconnected'", true)]
    [InlineData("DEVICEID = 'nobody'", false)]
    [InlineData("tags.level + 1 * 2 = 5 AND (tags.level + 1) * 2 = 8 AND tags.level - 1 - 1 = 1", true)]
    [InlineData("tags.level % 2 = 1 AND tags.level / 2 = 1.5 AND -tags.level = -3 AND --tags.level = 3", true)]
    [InlineData("tags.level / 0 = tags.level / 0", false)]
    [InlineData("tags.room + 1 = 8", false)]
    [InlineData("tags.level IN [-3, 3]", true)]
    [InlineData("1 IN [1] AND 'x' <> 'y'", true)]
    [InlineData("tags.on", true)]
    [InlineData("tags.level", false)]
    [InlineData("NOT NOT tags.level", false)]
    [InlineData("tags.missing = undefined", false)]
    [InlineData("null = null", true)]
    [InlineData("tags = tags", false)]
    [InlineData("Tags.room = '7' AND PROPERTIES.Desired.a.[[in]] = 'it''s'", true)]
    [InlineData("tags.Room = '7'", false)]
    [InlineData("properties.desired.$version = 2 AND properties.reported.$version = 1 AND properties.desired.$metadata.a.$lastUpdatedVersion = 2", true)]
    [InlineData("IS_DEFINED(properties.desired) AND IS_OBJECT(properties.desired.a) AND NOT IS_DEFINED(properties.desired.b)", true)]
    [InlineData("capabilities.iotEdge = false AND Version = 2 AND lastActivityTime < '2000'", true)]
    [InlineData("STARTS_WITH(deviceId, 'device-') AND ends_with(tags.room, '7') AND CONTAINS('abc', 'b') AND LENGTH(tags.room) = 1", true)]
    [InlineData("LENGTH(tags.level) = 1 OR STARTS_WITH(tags.missing, '')", false)]
    [InlineData("UPPER('a') = 'A' AND LOWER('A') = 'a' AND SUBSTRING('abc', 1, 1) = 'b' AND SUBSTRING('abc', 2) = 'c' AND CONCAT('a', 'b') = 'ab' AND INDEX_OF('ab', 'b') = 1", true)]
    [InlineData("IS_STRING(tags.room) AND IS_NUMBER(tags.level) AND IS_BOOL(tags.on) AND IS_PRIMITIVE(null) AND NOT IS_NULL(tags.missing) AND NOT IS_ARRAY(tags)", true)]
    [InlineData("ABS(-1) = 1 AND CEILING(0.5) = 1 AND FLOOR(1.5) = 1 AND POWER(2, 3) = 8 AND SQRT(9) = 3 AND SQUARE(3) = 9 AND SIGN(-2) = -1 AND EXP(0) = 1", true)]
    public async Task Where_Condition_Decides(string condition, bool matches)
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"room":"7","level":3,"on":true},"properties":{"desired":{"a":{"in":"it's"}}}}""");
        ServiceAnswer answer = await QueryAsync($"SELECT * FROM devices WHERE deviceId = '{id}' AND ({condition})");
        Assert.Equal(200, answer.Status);
        Assert.Equal("Twin", answer.Headers.GetValues("x-ms-item-type").Single());
        Assert.Equal(matches ? [id] : [], Ids(answer));
    }

    [Fact]
    public async Task Page_Continuation_VisitsEachDeviceOnce()
    {
        string[] ids = [await fixture.NewDeviceAsync(), await fixture.NewDeviceAsync(), await fixture.NewDeviceAsync()];
        foreach (string id in ids)
        {
            await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"paged":true}}""");
        }

        const string query = "select * from devices where tags.paged = true";
        ServiceAnswer first = await QueryAsync(query, ("x-ms-max-item-count", "2"));
        Assert.Equal(2, Ids(first).Length);
        ServiceAnswer second = await QueryAsync(query, ("x-ms-max-item-count", "2"), ("x-ms-continuation", first.Headers.GetValues("x-ms-continuation").Single()));
        Assert.False(second.Headers.Contains("x-ms-continuation"));
        Assert.Equal(ids.Order(StringComparer.Ordinal), Ids(first).Concat(Ids(second)));
        Assert.Equal(2, Ids(await QueryAsync("SELECT TOP 2 * FROM devices WHERE tags.paged = true")).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SELECT")]
    [InlineData("SELECT * FROM twins")]
    [InlineData("SELECT * FROM devices WHERE")]
    [InlineData("SELECT * FROM devices WHERE tags.a =")]
    [InlineData("SELECT * FROM devices WHERE tags.a = 'x")]
    [InlineData("SELECT * FROM devices WHERE (tags.a = 1")]
    [InlineData("SELECT * FROM devices WHERE tags.a IN [1,")]
    [InlineData("SELECT TOP 0 * FROM devices")]
    [InlineData("SELECT * FROM devices; DROP TABLE devices")]
    [InlineData("SELECT tags.a, FROM devices")]
    [InlineData("SELECT * FROM devices WHERE NO_SUCH(tags.a)")]
    [InlineData("SELECT * FROM devices WHERE LENGTH()")]
    [InlineData("SELECT * FROM devices WHERE a = 1 = 2")]
    [InlineData("SELECT * FROM devices GROUP BY tags.a")]
    [InlineData("SELECT tags.b, COUNT() AS n FROM devices GROUP BY tags.a")]
    [InlineData("SELECT tags.a, COUNT() FROM devices")]
    [InlineData("SELECT SUM() FROM devices")]
    [InlineData("SELECT tags.a, properties.reported.a FROM devices")]
    [InlineData("SELECT deviceId FROM devices.jobs")]
    [InlineData("SELECT COUNT() AS n FROM devices.jobs")]
    public async Task Query_Unreadable_Is400(string query)
    {
        ServiceAnswer answer = await QueryAsync(query);
        Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
    }

    [Theory]
    [InlineData("SELECT * FROM devices WHERE tags.a == 1", "column 37")]
    [InlineData("SELECT *\nFROM devices WHERE IS_THERE(tags.a)", "there is no function 'IS_THERE' here")]
    [InlineData("SELECT *\nFROM devices WHERE IS_THERE(tags.a)", "(line 2, column 20)")]
    [InlineData("SELECT * FROM devices WHERE tags.a = #", "column 38")]
    [InlineData("SELECT TOP 0 * FROM devices", "TOP needs a positive whole number (line 1, column 12)")]
    public void Parse_Mistake_SaysWhere(string query, string expected) =>
        Assert.Contains(expected, Assert.Throws<HubRefusalException>(() => QueryParser.Parse(query)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Query_BadEnvelope_Is400()
    {
        Assert.Equal(400, (await fixture.Service.SendAsync("POST", "/devices/query", "{}")).Status);
        Assert.Equal(400, (await QueryAsync("SELECT * FROM devices", ("x-ms-continuation", "garbage"))).Status);
        Assert.Equal(400, (await QueryAsync("SELECT * FROM devices", ("x-ms-max-item-count", "0"))).Status);
        Assert.Contains("at most 8192", (await QueryAsync("SELECT * FROM devices" + new string(' ', 8192))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Continuation_OfAnotherQuery_Is400()
    {
        await fixture.NewDeviceAsync();
        await fixture.NewDeviceAsync();
        ServiceAnswer first = await QueryAsync("SELECT * FROM devices", ("x-ms-max-item-count", "1"));
        string token = first.Headers.GetValues("x-ms-continuation").Single();
        ServiceAnswer other = await QueryAsync("SELECT deviceId FROM devices", ("x-ms-continuation", token));
        Assert.Equal(400, other.Status);
        Assert.Contains("of another query", other.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Select_Columns_AreRawObjectsOfWhatIsDefined()
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"room":"7","size":{"w":1.50}}}""");
        ServiceAnswer answer = await QueryAsync($"SELECT deviceId, tags.room AS Room, tags.size, tags.missing, tags.size.w * 2 FROM devices WHERE deviceId = '{id}'");
        Assert.Equal("Raw", answer.Headers.GetValues("x-ms-item-type").Single());
        Assert.Equal($$$"""[{"deviceId":"{{{id}}}","Room":"7","size":{"w":1.50},"$1":3}]""", answer.Body);
    }

    [Fact]
    public async Task Select_Groups_AreCountedAndPaged()
    {
        (string Room, string Level)[] twins = [("a", "1"), ("a", "2.5"), ("b", "\"x\""), ("c", "7"), ("c", "null")];
        foreach ((string room, string level) in twins)
        {
            await fixture.Service.SendAsync("PATCH", "/twins/" + await fixture.NewDeviceAsync(), $$$"""{"tags":{"grouped":true,"room":"{{{room}}}","level":{{{level}}}}}""");
        }

        const string query = "SELECT tags.room AS room, COUNT() AS n, COUNT(tags.level) AS levels, SUM(tags.level) AS s, AVG(tags.level) AS a, MIN(tags.level) AS low, MAX(tags.level) AS high "
            + "FROM devices WHERE tags.grouped = true GROUP BY tags.room";
        ServiceAnswer first = await QueryAsync(query, ("x-ms-max-item-count", "2"));
        Assert.Equal("""[{"room":"a","n":2,"levels":2,"s":3.5,"a":1.75,"low":1,"high":2.5},{"room":"b","n":1,"levels":1,"s":0}]""", first.Body);
        ServiceAnswer second = await QueryAsync(query, ("x-ms-max-item-count", "2"), ("x-ms-continuation", first.Headers.GetValues("x-ms-continuation").Single()));
        Assert.Equal("""[{"room":"c","n":2,"levels":1,"s":7,"a":7,"low":7,"high":7}]""", second.Body);
        Assert.False(second.Headers.Contains("x-ms-continuation"));
        Assert.Equal("""[{"total":5}]""", (await QueryAsync("SELECT COUNT() AS total FROM devices WHERE tags.grouped = true")).Body);
        Assert.Equal("""[{"total":0}]""", (await QueryAsync("SELECT COUNT() AS total FROM devices WHERE tags.grouped = 'no'")).Body);
    }

    [Fact]
    public void Parse_AnyText_IsReadOrRefused() => Gen.String[Gen.Char["SELECT*fromdevicswhr ()[]'\"=<>!.,0129ab\\"], 0, 60].Sample(tail =>
    {
        try
        {
            QueryParser.Parse("SELECT * FROM devices WHERE " + tail);
        }
        catch (HubRefusalException e)
        {
            Assert.Equal(400004, e.Code);
        }
    });

    [Fact]
    public void Parse_DeepNesting_IsRefusedNotACrash() =>
        Assert.Throws<HubRefusalException>(() => QueryParser.Parse("SELECT * FROM devices WHERE " + new string('(', 4000) + "a=1" + new string(')', 4000)));

    [Fact]
    public async Task From_DevicesAndModules_AreTwoThings()
    {
        string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
        using (HubStore store = HubStore.Open(folder, NullLogger<HubStore>.Instance))
        {
            var registry = new DeviceRegistry(store, fixture.Clock);
            await registry.CreateAsync(DeviceIdentity.New("d", fixture.Clock.GetUtcNow()));
            await registry.CreateAsync(DeviceIdentity.New("d", fixture.Clock.GetUtcNow(), "m"));
            await registry.CreateAsync(DeviceIdentity.New("d", fixture.Clock.GetUtcNow(), "n"));
            var queries = new QueryRun(registry, () => []);
            Assert.Equal(["""{"deviceId":"d"}"""], Rows("SELECT deviceId, moduleId FROM devices"));
            Assert.Equal(["""{"deviceId":"d","moduleId":"m"}""", """{"deviceId":"d","moduleId":"n"}"""], Rows("SELECT deviceId, moduleId FROM devices.modules"));
            Assert.Equal(["""{"moduleId":"n"}"""], Rows("SELECT moduleId FROM devices.modules WHERE devices.modules.moduleId != 'm'"));

            string[] Rows(string query) => [.. queries.Results(QueryParser.Parse(query), _ => true).Select(r => Encoding.UTF8.GetString(HubJson.Bytes(r, static (row, json) => row.Write(json))))];
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Select_Groups_AreOfEqualValuesHoweverWritten()
    {
        foreach (string level in (string[])["1", "1.0", "10e-1", "\"1\"", "null"])
        {
            await fixture.Service.SendAsync("PATCH", "/twins/" + await fixture.NewDeviceAsync(), $$$"""{"tags":{"same":true,"level":{{{level}}}}}""");
        }

        string[] rows = [.. (await QueryAsync("SELECT tags.level AS l, COUNT() AS n FROM devices WHERE tags.same = true GROUP BY tags.level")).Json.EnumerateArray().Select(r => r.GetRawText())];
        Assert.Equal(3, rows.Length);
        Assert.Contains("""{"l":"1","n":1}""", rows);
        Assert.Contains("""{"n":1}""", rows);
        Assert.Single(rows, r => r.EndsWith("\"n\":3}", StringComparison.Ordinal));
    }

    private Task<ServiceAnswer> QueryAsync(string query, params (string, string)[] headers) =>
        fixture.Service.SendAsync("POST", "/devices/query", JsonSerializer.Serialize(new { query }), headers: headers);

    private static string[] Ids(ServiceAnswer answer) => [.. answer.Json.EnumerateArray().Select(twin => twin.GetProperty("deviceId").GetString()!)];

    [Fact]
    public async Task Select_EachMemberAlone_IsAsInTheWholeTwin()
    {
        string id = await fixture.NewDeviceAsync();
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"a":1},"properties":{"desired":{"b":{"c":2}}}}""");
        foreach (JsonProperty member in (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.EnumerateObject())
        {
            JsonElement row = Assert.Single((await QueryAsync($"SELECT {member.Name} FROM devices WHERE deviceId = '{id}'")).Json.EnumerateArray());
            Assert.Equal((member.Name, member.Value.GetRawText()), (member.Name, row.GetProperty(member.Name).GetRawText()));
        }

        JsonElement desired = (await QueryAsync($"SELECT properties.desired FROM devices WHERE deviceId = '{id}'")).Json[0];
        Assert.Equal(
            (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("properties").GetProperty("desired").GetRawText(),
            desired.GetProperty("desired").GetRawText());
    }

    [Fact]
    public async Task Select_AfterDevicesComeAndGo_ShowsThoseThatAreThereInOrder()
    {
        string prefix = "order" + Guid.NewGuid().ToString("N")[..8];
        foreach (string end in (string[])["c", "a", "b"])
        {
            await fixture.Hub.CreateDeviceAsync(prefix + end);
        }

        string query = $"SELECT deviceId FROM devices WHERE STARTS_WITH(deviceId, '{prefix}')";
        Assert.Equal(["a", "b", "c"], Ids(await QueryAsync(query)).Select(found => found[^1..]));
        await fixture.Service.SendAsync("DELETE", $"/devices/{prefix}b", ifMatch: "*");
        Assert.Equal(["a", "c"], Ids(await QueryAsync(query)).Select(found => found[^1..]));
        await fixture.Hub.CreateDeviceAsync(prefix + "0");
        Assert.Equal(["0", "a", "c"], Ids(await QueryAsync(query)).Select(found => found[^1..]));
    }
}
