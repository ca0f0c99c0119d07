using System.Text.Json;

namespace ModularDM.Hub.Tests.Local;

public sealed class BulkTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private const string None = "{\"isSuccessful\":true,\"errors\":[],\"warnings\":[]}";

    [Fact]
    public async Task Create_DeviceWithTwinAndModule_MakesBoth()
    {
        ServiceAnswer answer = await PostAsync("""
            [{"id":"b1","importMode":"create","status":"disabled","statusReason":"stock","tags":{"site":"a"},"properties":{"desired":{"n":1}}},
             {"id":"b1","moduleId":"m","importMode":"create","properties":{"desired":{"n":2}}}]
            """);
        Assert.Equal((200, None), (answer.Status, answer.Body));
        JsonElement twin = (await fixture.Service.SendAsync("GET", "/twins/b1")).Json;
        Assert.Equal(("disabled", "stock", "a", 1), (twin.GetProperty("status").GetString(), twin.GetProperty("statusReason").GetString(), twin.GetProperty("tags").GetProperty("site").GetString(), N(twin)));
        Assert.Equal(2, N((await fixture.Service.SendAsync("GET", "/twins/b1/modules/m")).Json));
    }

    [Fact]
    public async Task Modes_EachOnItsOwn_DoWhatTheySay()
    {
        await PostAsync("""[{"id":"c1","importMode":"create","properties":{"desired":{"n":1,"kept":true}}}]""");
        Assert.Equal([(409001, "create")], Errors(await PostAsync("""[{"id":"c1","importMode":"create"}]""")));
        Assert.Equal([(404001, "update")], Errors(await PostAsync("""[{"id":"c2","importMode":"update"}]""")));
        Assert.Equal(None, (await PostAsync("""[{"id":"c2"},{"id":"c3","importMode":"CreateOrUpdate","status":"disabled"}]""")).Body);
        Assert.Equal(None, (await PostAsync("""[{"id":"c3","importMode":"createOrUpdate","status":"enabled"}]""")).Body);
        Assert.Equal("AAAAAAAAAAI=", await ETagAsync("c3"));

        Assert.Equal([(412001, "updateIfMatchETag")], Errors(await PostAsync("""[{"id":"c3","importMode":"updateIfMatchETag","eTag":"AAAAAAAAAAE=","statusReason":"x"}]""")));
        Assert.Equal([(412001, "updateIfMatchETag")], Errors(await PostAsync("""[{"id":"c3","importMode":"updateIfMatchETag","statusReason":"x"}]""")));
        Assert.Equal(None, (await PostAsync("""[{"id":"c3","importMode":"updateIfMatchETag","eTag":"\"AAAAAAAAAAI=\"","statusReason":"x"}]""")).Body);
        Assert.Equal([(412001, "createOrUpdateIfMatchETag")], Errors(await PostAsync("""[{"id":"c3","importMode":"createOrUpdateIfMatchETag","eTag":"AAAAAAAAAAE="}]""")));
        Assert.Equal(None, (await PostAsync("""[{"id":"c4","importMode":"createOrUpdateIfMatchETag","eTag":"AAAAAAAAAAE="}]""")).Body);

        // A twin's mode merges, an identity's puts in place.
        Assert.Equal(None, (await PostAsync("""[{"id":"c1","importMode":"updateTwin","properties":{"desired":{"n":2}}}]""")).Body);
        JsonElement merged = (await fixture.Service.SendAsync("GET", "/twins/c1")).Json;
        Assert.Equal((2, true), (N(merged), merged.GetProperty("properties").GetProperty("desired").TryGetProperty("kept", out _)));
        Assert.Equal([(412001, "updateTwinIfMatchETag")], Errors(await PostAsync("""[{"id":"c1","importMode":"updateTwinIfMatchETag","twinETag":"AAAAAAAAAAE=","tags":{}}]""")));
        string twinTag = merged.GetProperty("etag").GetString()!;
        Assert.Equal(None, (await PostAsync($$$"""[{"id":"c1","importMode":"updateTwinIfMatchETag","twinETag":"{{{twinTag}}}","tags":{"a":1}}]""")).Body);
        Assert.Equal(None, (await PostAsync("""[{"id":"c1","importMode":"update","properties":{"desired":{"n":3}}}]""")).Body);
        JsonElement replaced = (await fixture.Service.SendAsync("GET", "/twins/c1")).Json;
        Assert.Equal((3, false), (N(replaced), replaced.GetProperty("properties").GetProperty("desired").TryGetProperty("kept", out _)));

        Assert.Equal([(412001, "deleteIfMatchETag")], Errors(await PostAsync("""[{"id":"c1","importMode":"deleteIfMatchETag","eTag":"AAAAAAAAAAE="}]""")));
        Assert.Equal(None, (await PostAsync($$"""[{"id":"c1","importMode":"deleteIfMatchETag","eTag":"{{await ETagAsync("c1")}}"},{"id":"c2","importMode":"delete"}]""")).Body);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/c1")).Status);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/c2")).Status);
    }

    [Fact]
    public async Task Entries_SomeBad_LeaveTheOthersDone()
    {
        ServiceAnswer answer = await PostAsync("""
            [{"id":"d1","importMode":"create"},
             {"id":"d2","importMode":"create","properties":{"desired":{"a.b":1}}},
             {"id":"d3","importMode":"create","authentication":{"type":"magic"}},
             {"id":"d1","moduleId":"m","importMode":"update"},
             {"id":"d4","importMode":"updateTwin"}]
            """);
        Assert.Equal(200, answer.Status);
        Assert.False(answer.Json.GetProperty("isSuccessful").GetBoolean());
        Assert.Equal([(400004, "create"), (400004, "create"), (404010, "update"), (400004, "updateTwin")], Errors(answer));
        JsonElement third = answer.Json.GetProperty("errors")[2];
        Assert.Equal(("d1", "m"), (third.GetProperty("deviceId").GetString(), third.GetProperty("moduleId").GetString()));
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/devices/d1")).Status);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/d2")).Status);
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/d3")).Status);
    }

    [Fact]
    public async Task Update_TwinOverALimit_LeavesTheIdentityToo()
    {
        string id = await fixture.NewDeviceAsync();
        Assert.Equal([(400004, "update")], Errors(await PostAsync($$$$"""[{"id":"{{{{id}}}}","importMode":"update","status":"disabled","properties":{"desired":{"a b":1}}}]""")));
        Assert.Equal("enabled", (await fixture.Service.SendAsync("GET", "/devices/" + id)).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Update_ConnectedDevice_IsToldItsNewDesired()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        Assert.Equal(None, (await PostAsync($$$$"""[{"id":"{{{{device.Id}}}}","importMode":"update","properties":{"desired":{"n":7}}}]""")).Body);
        Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=2", """{"n":7,"$version":2}"""), await device.NextAsync());
    }

    [Fact]
    public async Task Request_OverItsBounds_IsRefusedWhole()
    {
        Assert.Equal((400, "DeviceDefinedMultipleTimes"), Problem(await PostAsync("""[{"id":"e1","importMode":"create"},{"id":"e1","importMode":"delete"}]""")));
        string many = "[" + string.Join(',', Enumerable.Range(0, 101).Select(i => $$"""{"id":"e{{i}}","importMode":"create"}""")) + "]";
        Assert.Equal((413, "TooManyDevices"), Problem(await PostAsync(many)));
        Assert.Equal((400, "ArgumentInvalid"), Problem(await PostAsync("{}")));
        Assert.Equal((400, "ArgumentInvalid"), Problem(await PostAsync("""[{"id":"e1","importMode":"create"},{"importMode":"create"}]""")));
        Assert.Equal((400, "ArgumentInvalid"), Problem(await PostAsync("""[{"id":"e1","importMode":"destroy"}]""")));
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/e1")).Status);
    }

    [Fact]
    public async Task Hundred_AtOnce_AreMade()
    {
        string many = "[" + string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"id":"f{{i}}","importMode":"create"}""")) + "]";
        Assert.Equal(None, (await PostAsync(many)).Body);
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/devices/f99")).Status);
    }

    private Task<ServiceAnswer> PostAsync(string body) => fixture.Service.SendAsync("POST", "/devices", body);

    private async Task<string> ETagAsync(string id) => (await fixture.Service.SendAsync("GET", "/devices/" + id)).Json.GetProperty("etag").GetString()!;

    private static int N(JsonElement twin) => twin.GetProperty("properties").GetProperty("desired").GetProperty("n").GetInt32();

    private static IEnumerable<(int, string?)> Errors(ServiceAnswer answer) =>
        answer.Json.GetProperty("errors").EnumerateArray().Select(e => (e.GetProperty("errorCode").GetInt32(), e.GetProperty("operation").GetString()));

    private static (int Status, string? Name) Problem(ServiceAnswer answer) => (answer.Status, answer.ErrorName);
}
