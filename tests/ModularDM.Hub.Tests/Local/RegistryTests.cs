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
    [InlineData("/devices/d", """{"capabilities":{"iotEdge":true}}""", 400)]
    [InlineData("/devices/d", """{"deviceScope":"ms-azure-iot-edge://e-1"}""", 400)]
    [InlineData("/devices/d", """{"capabilities":{"iotEdge":false},"deviceScope":"","parentScopes":[],"statusReason":7}""", 400)]
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

    [Theory]
    [InlineData("iothubowner", "RWS")]
    [InlineData("service", "S")]
    [InlineData("device", "")]
    [InlineData("registryRead", "R")]
    [InlineData("registryReadWrite", "RW")]
    public async Task Authorize_EachOperation_NeedsItsPermission(string policy, string holds)
    {
        (char Needs, string Verb, string Path)[] operations =
        [
            ('R', "GET", "/devices"), ('R', "GET", "/devices/{d}"), ('W', "PUT", "/devices/{d}"), ('W', "DELETE", "/devices/{d}"), ('W', "POST", "/devices"),
            ('R', "GET", "/devices/{d}/modules"), ('R', "GET", "/devices/{d}/modules/m"), ('W', "PUT", "/devices/{d}/modules/m"), ('W', "DELETE", "/devices/{d}/modules/m"),
            ('S', "GET", "/twins/{d}"), ('S', "PATCH", "/twins/{d}"), ('S', "PUT", "/twins/{d}"), ('S', "POST", "/twins/{d}/methods"),
            ('S', "GET", "/twins/{d}/modules/m"), ('S', "PATCH", "/twins/{d}/modules/m"), ('S', "PUT", "/twins/{d}/modules/m"), ('S', "POST", "/twins/{d}/modules/m/methods"),
            ('S', "POST", "/devices/query"), ('R', "GET", "/statistics/devices"), ('S', "GET", "/statistics/service"), ('S', "GET", "/modulardm/devices/{d}/messages"),
            ('R', "GET", "/modulardm/certificates"), ('W', "PUT", "/modulardm/certificates/c"), ('W', "DELETE", "/modulardm/certificates/c"),
            ('W', "POST", "/jobs/create"), ('R', "GET", "/jobs"), ('R', "GET", "/jobs/j"), ('W', "DELETE", "/jobs/j"),
        ];
        using var client = new ServiceClient(fixture.Hub.GetServiceConnectionString(policy), fixture.Hub.CaFile, fixture.Clock);
        foreach ((char needs, string verb, string path) in operations)
        {
            // With nobody there and an empty body an operation that is open answers something else than 401, and changes nothing.
            ServiceAnswer answer = await client.SendAsync(verb, path.Replace("{d}", "nobody", StringComparison.Ordinal), verb == "GET" || verb == "DELETE" ? null : "0");
            Assert.True(holds.Contains(needs, StringComparison.Ordinal) == (answer.Status != 401), $"{policy}: {verb} {path} gave {answer.Status} {answer.ErrorName}");
        }
    }

    [Fact]
    public async Task Refusal_RegistryAndMethods_HaveTheirTwoForms()
    {
        ServiceAnswer registry = await fixture.Service.SendAsync("GET", "/devices/nobody");
        Assert.StartsWith("ErrorCode:DeviceNotFound;", registry.Json.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Tracking ID:", registry.Json.GetProperty("ExceptionMessage").GetString(), StringComparison.Ordinal);
        ServiceAnswer methods = await fixture.Service.SendAsync("POST", "/twins/nobody/methods", """{"methodName":"m"}""");
        Assert.Equal("DeviceNotFound", methods.ErrorName);
        using JsonDocument inner = JsonDocument.Parse(methods.Json.GetProperty("Message").GetString()!);
        Assert.Equal(404001, inner.RootElement.GetProperty("errorCode").GetInt32());
        Assert.Equal("", methods.Json.GetProperty("ExceptionMessage").GetString());
    }

    [Theory]
    [InlineData("\"*\"", 200)]
    [InlineData("*", 200)]
    [InlineData("AAAAAAAAAAE=", 200)]
    [InlineData("\"AAAAAAAAAAE=\"", 200)]
    [InlineData("\"AAAAAAAAAAI=\"", 412)]
    [InlineData("nonsense", 412)]
    public async Task IfMatch_AsClientsWriteIt_IsCompared(string ifMatch, int status)
    {
        string path = "/devices/" + await fixture.NewDeviceAsync();
        Assert.Equal(status, (await fixture.Service.SendAsync("PUT", path, "{}", ifMatch)).Status);
    }

    [Fact]
    public async Task Jobs_ImportAndExport_AreRefusedInWords()
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("POST", "/jobs/create", """{"type":"export"}""");
        Assert.Equal((400, "InvalidOperation"), (answer.Status, answer.ErrorName));
        Assert.Contains("POST /devices", answer.Body, StringComparison.Ordinal);
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
