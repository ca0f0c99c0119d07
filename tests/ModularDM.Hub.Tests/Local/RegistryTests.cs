using System.Text.Json;

namespace ModularDM.Hub.Tests.Local;

public sealed class RegistryTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Put_NewDevice_MakesKeysAndETag()
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("PUT", "/devices/new-one", """{"deviceId":"new-one"}""");
        Assert.Equal((200, "\"AAAAAAAAAAE=\""), (answer.Status, answer.ETag));
        JsonElement keys = answer.Json.GetProperty("authentication").GetProperty("symmetricKey");
        Assert.Equal(32, keys.GetProperty("primaryKey").GetBytesFromBase64().Length);
        Assert.NotEqual(keys.GetProperty("primaryKey").GetString(), keys.GetProperty("secondaryKey").GetString());
        Assert.Equal("enabled", answer.Json.GetProperty("status").GetString());

        ServiceAnswer again = await fixture.Service.SendAsync("PUT", "/devices/new-one", "{}");
        Assert.Equal((409, "DeviceAlreadyExists"), (again.Status, again.ErrorName));
    }

    [Fact]
    public async Task Put_GivenKeys_AreKept()
    {
        string key = Convert.ToBase64String(new byte[32]);
        ServiceAnswer answer = await fixture.Service.SendAsync("PUT", "/devices/with-key", $$$$"""{"authentication":{"type":"sas","symmetricKey":{"primaryKey":"{{{{key}}}}"}}}""");
        Assert.Equal(key, answer.Json.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("primaryKey").GetString());
    }

    [Fact]
    public async Task Put_IfMatch_UpdatesOnlyTheCurrentOne()
    {
        string path = "/devices/" + await fixture.NewDeviceAsync();
        ServiceAnswer updated = await fixture.Service.SendAsync("PUT", path, """{"status":"disabled","statusReason":"sold"}""", "\"AAAAAAAAAAE=\"");
        Assert.Equal((200, "\"AAAAAAAAAAI=\""), (updated.Status, updated.ETag));
        Assert.Equal("sold", updated.Json.GetProperty("statusReason").GetString());
        ServiceAnswer stale = await fixture.Service.SendAsync("PUT", path, """{"status":"enabled"}""", "\"AAAAAAAAAAE=\"");
        Assert.Equal((412, "PreconditionFailed"), (stale.Status, stale.ErrorName));
        Assert.Equal("disabled", (await fixture.Service.SendAsync("GET", path)).Json.GetProperty("status").GetString());
        Assert.Equal(404, (await fixture.Service.SendAsync("PUT", "/devices/nobody", "{}", "*")).Status);
    }

    [Fact]
    public async Task Delete_IfMatch_IsNeeded()
    {
        string path = "/devices/" + await fixture.NewDeviceAsync();
        Assert.Equal(412, (await fixture.Service.SendAsync("DELETE", path)).Status);
        Assert.Equal(412, (await fixture.Service.SendAsync("DELETE", path, ifMatch: "\"AAAAAAAAAAk=\"")).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", path, ifMatch: "\"AAAAAAAAAAE=\"")).Status);
        ServiceAnswer gone = await fixture.Service.SendAsync("GET", path);
        Assert.Equal((404, "DeviceNotFound"), (gone.Status, gone.ErrorName));
    }

    [Theory]
    [InlineData("/devices/a%20b", "{}", 400)]
    [InlineData("/devices/d", "[", 400)]
    [InlineData("/devices/d", "[]", 400)]
    [InlineData("/devices/d", """{"deviceId":"e"}""", 400)]
    [InlineData("/devices/d", """{"status":"asleep"}""", 400)]
    [InlineData("/devices/d", """{"authentication":{"type":"selfSigned"}}""", 400)]
    [InlineData("/devices/d", """{"authentication":{"type":"magic"}}""", 400)]
    [InlineData("/devices/d", """{"authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"AB"}}}""", 400)]
    [InlineData("/devices/d", """{"authentication":{"type":"certificateAuthority","symmetricKey":{"primaryKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}""", 400)]
    [InlineData("/devices/d", """{"authentication":{"symmetricKey":{"primaryKey":"short"}}}""", 400)]
    public async Task Put_BadIdentity_IsRefused(string path, string body, int status) => Assert.Equal(status, (await fixture.Service.SendAsync("PUT", path, body)).Status);

    [Fact]
    public async Task List_Top_IsHeld()
    {
        await fixture.NewDeviceAsync();
        await fixture.NewDeviceAsync();
        Assert.Equal(1, (await fixture.Service.SendAsync("GET", "/devices?top=1")).Json.GetArrayLength());
        Assert.Equal(400, (await fixture.Service.SendAsync("GET", "/devices?top=0")).Status);
        Assert.Equal(400, (await fixture.Service.SendAsync("GET", "/devices?top=1001")).Status);
    }

    [Fact]
    public async Task Statistics_Devices_AreCounted()
    {
        await using RawDevice device = await fixture.ConnectNewAsync();
        JsonElement counts = (await fixture.Service.SendAsync("GET", "/statistics/devices")).Json;
        Assert.Equal(counts.GetProperty("totalDeviceCount").GetInt32(), counts.GetProperty("enabledDeviceCount").GetInt32() + counts.GetProperty("disabledDeviceCount").GetInt32());
        Assert.True((await fixture.Service.SendAsync("GET", "/statistics/service")).Json.GetProperty("connectedDeviceCount").GetInt32() >= 1);
    }

    [Fact]
    public async Task Authorize_EachPolicy_OpensWhatItHolds()
    {
        (string Policy, int Read, int Write, int Service)[] expected =
        [
            ("iothubowner", 200, 200, 200), ("service", 401, 401, 200), ("device", 401, 401, 401), ("registryRead", 200, 401, 401), ("registryReadWrite", 200, 200, 401),
        ];
        string id = await fixture.NewDeviceAsync();
        foreach ((string policy, int read, int write, int service) in expected)
        {
            using var client = new ServiceClient(fixture.Hub.GetServiceConnectionString(policy), fixture.Hub.CaFile, fixture.Clock);
            Assert.Equal(read, (await client.SendAsync("GET", "/devices/" + id)).Status);
            Assert.Equal(write, (await client.SendAsync("PUT", "/devices/" + id, "{}", "*")).Status);
            Assert.Equal(service, (await client.SendAsync("GET", "/twins/" + id)).Status);
        }
    }

    [Fact]
    public async Task Authorize_BadToken_Is401002()
    {
        string path = "/devices/" + await fixture.NewDeviceAsync();
        string good = fixture.Service.NewToken();
        string[] bad =
        [
            "", "Bearer x", good.Replace("sig=", "sig=AAAA", StringComparison.Ordinal), fixture.Service.NewToken(policy: "service"), fixture.Service.NewToken(policy: "nobody"),
            fixture.Service.NewToken(TimeSpan.FromMinutes(-6)), fixture.Service.NewToken(resource: "localhost/devices/other"), fixture.Service.NewToken(resource: "contoso.example.com"),
        ];
        foreach (string token in bad)
        {
            ServiceAnswer answer = await fixture.Service.SendAsync("GET", path, token: token);
            Assert.Equal((401, "IotHubUnauthorizedAccess"), (answer.Status, answer.ErrorName));
        }

        Assert.Equal(200, (await fixture.Service.SendAsync("GET", path, token: fixture.Service.NewToken(resource: "localhost" + path))).Status);
    }

    [Fact]
    public async Task Request_WithoutVersionOrOperation_IsRefused()
    {
        ServiceAnswer unversioned = await fixture.Service.SendAsync("GET", "/devices", version: false);
        Assert.Equal((400, "InvalidProtocolVersion"), (unversioned.Status, unversioned.ErrorName));
        ServiceAnswer unknown = await fixture.Service.SendAsync("GET", "/nothing");
        Assert.Equal((404, "InvalidOperation"), (unknown.Status, unknown.ErrorName));
        Assert.Equal(404, (await fixture.Service.SendAsync("POST", "/twins/x", "{}")).Status);
    }

    [Fact]
    public async Task Request_BodyOverOneMegabyte_Is413()
    {
        string id = await fixture.NewDeviceAsync();

        // The hub answers without taking the body; a client that pushes it regardless would find the link closed instead of the answer.
        ServiceAnswer answer = await fixture.Service.SendAsync(
            "PATCH", "/twins/" + id, "\"" + new string('x', 1024 * 1024) + "\"", headers: ("Expect", "100-continue"));
        Assert.Equal((413, "MessageTooLarge"), (answer.Status, answer.ErrorName));
    }
}
