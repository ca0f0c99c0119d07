using System.Text.Json;
using CsCheck;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Query;

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
    public async Task Query_Unreadable_Is400(string query)
    {
        ServiceAnswer answer = await QueryAsync(query);
        Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
    }

    [Fact]
    public async Task Query_BadEnvelope_Is400()
    {
        Assert.Equal(400, (await fixture.Service.SendAsync("POST", "/devices/query", "{}")).Status);
        Assert.Equal(400, (await QueryAsync("SELECT * FROM devices", ("x-ms-continuation", "garbage"))).Status);
        Assert.Equal(400, (await QueryAsync("SELECT * FROM devices", ("x-ms-max-item-count", "0"))).Status);
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

    private Task<ServiceAnswer> QueryAsync(string query, params (string, string)[] headers) =>
        fixture.Service.SendAsync("POST", "/devices/query", JsonSerializer.Serialize(new { query }), headers: headers);

    private static string[] Ids(ServiceAnswer answer) => [.. answer.Json.EnumerateArray().Select(twin => twin.GetProperty("deviceId").GetString()!)];
}
