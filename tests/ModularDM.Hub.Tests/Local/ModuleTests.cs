using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ModularDM.Hub.Protocol;
using MQTTnet;
using MQTTnet.Protocol;

namespace ModularDM.Hub.Tests.Local;

public sealed class ModuleTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Rest_ModulesOfADevice_AreMadeListedChangedAndRemoved()
    {
        string device = await fixture.NewDeviceAsync();
        string path = $"/devices/{device}/modules/camera";
        ServiceAnswer made = await fixture.Service.SendAsync("PUT", path, $$"""{"deviceId":"{{device}}","moduleId":"camera","managedBy":"contoso"}""");
        Assert.Equal((200, "\"AAAAAAAAAAE=\""), (made.Status, made.ETag));
        Assert.Equal((device, "camera", "contoso"), (Text(made.Json, "deviceId"), Text(made.Json, "moduleId"), Text(made.Json, "managedBy")));
        Assert.False(made.Json.TryGetProperty("status", out _));
        Assert.Equal(32, made.Json.GetProperty("authentication").GetProperty("symmetricKey").GetProperty("primaryKey").GetBytesFromBase64().Length);

        ServiceAnswer again = await fixture.Service.SendAsync("PUT", path, "{}");
        Assert.Equal((409, "ModuleAlreadyExistsOnDevice"), (again.Status, again.ErrorName));
        Assert.Equal("\"AAAAAAAAAAI=\"", (await fixture.Service.SendAsync("PUT", path, """{"managedBy":"other"}""", "\"AAAAAAAAAAE=\"")).ETag);
        Assert.Equal(412, (await fixture.Service.SendAsync("PUT", path, "{}", "\"AAAAAAAAAAE=\"")).Status);
        Assert.Equal(400, (await fixture.Service.SendAsync("PUT", path, """{"status":"disabled"}""", "*")).Status);
        Assert.Equal(400, (await fixture.Service.SendAsync("PUT", path, """{"moduleId":"other"}""", "*")).Status);

        await fixture.Service.SendAsync("PUT", $"/devices/{device}/modules/audio", "{}");
        JsonElement list = (await fixture.Service.SendAsync("GET", $"/devices/{device}/modules")).Json;
        Assert.Equal(["audio", "camera"], list.EnumerateArray().Select(m => Text(m, "moduleId")));

        Assert.Equal(412, (await fixture.Service.SendAsync("DELETE", path)).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", path, ifMatch: "*")).Status);
        ServiceAnswer gone = await fixture.Service.SendAsync("GET", path);
        Assert.Equal((404, "ModuleNotFound"), (gone.Status, gone.ErrorName));
        ServiceAnswer noDevice = await fixture.Service.SendAsync("PUT", "/devices/nobody/modules/camera", "{}");
        Assert.Equal((404, "DeviceNotFound"), (noDevice.Status, noDevice.ErrorName));
        Assert.Equal((404, "ModuleNotFound"), Problem(await fixture.Service.SendAsync("GET", $"/twins/{device}/modules/camera")));
    }

    [Fact]
    public async Task Rest_FiftyFirstModule_IsRefused()
    {
        string device = await fixture.NewDeviceAsync();
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await fixture.Service.SendAsync("PUT", $"/devices/{device}/modules/m{i}", "{}")).Status);
        }

        Assert.Equal((413, "TooManyModulesOnDevice"), Problem(await fixture.Service.SendAsync("PUT", $"/devices/{device}/modules/m50", "{}")));
    }

    [Fact]
    public async Task Link_OfAModule_HasTwinMethodsAndMessagesOfItsOwn()
    {
        string id = await fixture.NewDeviceAsync();
        await using var module = new RawDevice(await fixture.Hub.CreateModuleAsync(id, "camera"), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await module.TryConnectAsync(clientId: $"{id}/camera", userName: $"localhost/{id}/camera/?api-version=2021-04-12&model-id=dtmi:com:contoso:camera;1"));
        Assert.Equal([MqttClientSubscribeResultCode.GrantedQoS1], await module.SubscribeAsync(MqttQualityOfServiceLevel.AtLeastOnce, $"devices/{id}/modules/camera/#"));
        Assert.Equal([MqttClientSubscribeResultCode.UnspecifiedError], await module.SubscribeAsync($"devices/{id}/messages/devicebound/#"));
        await module.SubscribeAllAsync();
        Assert.Equal("$iothub/twin/res/204/?$rid=1&$version=2", (await module.RequestAsync("$iothub/twin/PATCH/properties/reported/?$rid=1", """{"lens":"clean"}""")).Topic);

        ServiceAnswer patched = await fixture.Service.SendAsync("PATCH", $"/twins/{id}/modules/camera", """{"properties":{"desired":{"zoom":2}}}""");
        Assert.Equal((id, "camera", "Connected"), (Text(patched.Json, "deviceId"), Text(patched.Json, "moduleId"), Text(patched.Json, "connectionState")));
        Assert.Equal("dtmi:com:contoso:camera;1", Text(patched.Json, "modelId"));
        Assert.Equal(("$iothub/twin/PATCH/properties/desired/?$version=2", """{"zoom":2,"$version":2}"""), await module.NextAsync());
        Assert.Equal("clean", Text(patched.Json.GetProperty("properties").GetProperty("reported"), "lens"));
        JsonElement deviceTwin = (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json;
        Assert.False(deviceTwin.TryGetProperty("moduleId", out _));
        Assert.False(deviceTwin.GetProperty("properties").GetProperty("reported").TryGetProperty("lens", out _));

        Task<ServiceAnswer> call = fixture.Service.SendAsync("POST", $"/twins/{id}/modules/camera/methods", """{"methodName":"snap","payload":1}""");
        (string topic, string body) = await module.NextAsync();
        Assert.StartsWith("$iothub/methods/POST/snap/?$rid=", topic, StringComparison.Ordinal);
        Assert.Equal("1", body);
        await module.PublishAsync("$iothub/methods/res/200/?$rid=" + topic[(topic.LastIndexOf('=') + 1)..], "true");
        Assert.True((await call).Json.GetProperty("payload").GetBoolean());

        await module.PublishAsync($"devices/{id}/modules/camera/messages/events/$.ct=application%2Fjson", "{}", MqttQualityOfServiceLevel.AtLeastOnce);
        await module.PublishAsync($"devices/{id}/messages/events/", "{}");
        await module.ClosedAsync();
    }

    [Fact]
    public async Task Connect_OtherKeyResourceOrClientId_IsRefused()
    {
        string id = await fixture.NewDeviceAsync();
        await using var module = new RawDevice(await fixture.Hub.CreateModuleAsync(id, "camera"), fixture.Hub.CaFile, fixture.Clock);
        string deviceKey = HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(id)).SharedAccessKey!;
        foreach (string password in (string[])[module.Password(key: deviceKey), module.Password(resource: $"localhost/devices/{id}/modules/audio"), module.Password(resource: $"localhost/devices/{id}/modules")])
        {
            bool ownKeyOfAParent = password == module.Password(resource: $"localhost/devices/{id}/modules");
            Assert.Equal(ownKeyOfAParent ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.NotAuthorized, await module.TryConnectAsync(password));
        }

        await using var other = new RawDevice(fixture.Hub.GetDeviceConnectionString($"{id}/camera"), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.ClientIdentifierNotValid, await other.TryConnectAsync(clientId: id));
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await other.TryConnectAsync(clientId: $"{id}/audio", userName: $"localhost/{id}/audio/?api-version=2021-04-12"));
    }

    [Fact]
    public async Task Connect_ByCertificate_HasBothIdsAsCommonName()
    {
        string id = await fixture.NewDeviceAsync();
        using var authority = new TestAuthority("Modules of " + id);
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/modulardm/certificates/" + id, authority.Pem, version: false)).Status);
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", $"/devices/{id}/modules/camera", """{"authentication":{"type":"certificateAuthority"}}""")).Status);
        string connection = fixture.Hub.GetDeviceConnectionString($"{id}/camera");
        Assert.EndsWith(";x509=true", connection, StringComparison.Ordinal);
        await using var module = new RawDevice(connection, fixture.Hub.CaFile, fixture.Clock);
        using X509Certificate2 ofTheDevice = authority.Issue(id);
        using X509Certificate2 own = authority.Issue(id + "/camera");
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await module.TryConnectAsync(certificate: ofTheDevice));
        Assert.Equal(MqttClientConnectResultCode.Success, await module.TryConnectAsync(certificate: own));
    }

    [Fact]
    public async Task DisableAndDelete_OfTheDevice_EndItsModulesToo()
    {
        string id = await fixture.NewDeviceAsync();
        string connection = await fixture.Hub.CreateModuleAsync(id, "camera");
        await using (var module = new RawDevice(connection, fixture.Hub.CaFile, fixture.Clock))
        {
            await module.ConnectAsync();
            await fixture.Service.SendAsync("PUT", "/devices/" + id, """{"status":"disabled"}""", "*");
            await module.ClosedAsync();
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await module.TryConnectAsync());
        }

        await fixture.Service.SendAsync("PUT", "/devices/" + id, """{"status":"enabled"}""", "*");
        await using var again = new RawDevice(connection, fixture.Hub.CaFile, fixture.Clock);
        await again.ConnectAsync();
        await fixture.Service.SendAsync("DELETE", "/devices/" + id, ifMatch: "*");
        await again.ClosedAsync();
        Assert.Equal((404, "DeviceNotFound"), Problem(await fixture.Service.SendAsync("GET", $"/twins/{id}/modules/camera")));

        // A new device of that name does not inherit them.
        await fixture.Hub.CreateDeviceAsync(id);
        Assert.Equal("[]", (await fixture.Service.SendAsync("GET", $"/devices/{id}/modules")).Body);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await again.TryConnectAsync());
    }

    private static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();

    private static (int Status, string? Name) Problem(ServiceAnswer answer) => (answer.Status, answer.ErrorName);

    [Fact]
    public async Task Messages_OfAModule_AreReadAtItsOwnPath()
    {
        string id = await fixture.NewDeviceAsync();
        await using var module = new RawDevice(await fixture.Hub.CreateModuleAsync(id, "camera"), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await module.TryConnectAsync(clientId: $"{id}/camera", userName: $"localhost/{id}/camera/?api-version=2021-04-12"));
        await module.PublishAsync($"devices/{id}/modules/camera/messages/events/", "7", MqttQualityOfServiceLevel.AtLeastOnce);
        JsonElement message = (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{id}/modules/camera/messages", version: false)).Json[0];
        Assert.Equal(
            (7, id, "camera"),
            (message.GetProperty("body").GetInt32(), message.GetProperty("connectionDeviceId").GetString(), message.GetProperty("connectionModuleId").GetString()));
        Assert.Equal("[]", (await fixture.Service.SendAsync("GET", $"/modulardm/devices/{id}/messages", version: false)).Body);
        Assert.Equal((404, "ModuleNotFound"), Problem(await fixture.Service.SendAsync("GET", $"/modulardm/devices/{id}/modules/nothing/messages", version: false)));
    }
}
