using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ModularDM.Hub.Protocol;
using MQTTnet;

namespace ModularDM.Hub.Tests.Local;

public sealed class ProvisioningTests(ProvisioningFixture fixture) : IClassFixture<ProvisioningFixture>
{
    [Fact]
    public async Task Register_OnTheWire_IsAcknowledgedBeforeItIsAnswered()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id);
        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", fixture.Hub.DpsPort!.Value, fixture.Hub.CaFile);
        string user = $"0ne00000000/registrations/{id}/api-version=2019-03-31&ClientVersion=Microsoft.Azure.Devices.Provisioning.Client%2F1.19.4";
        Assert.Equal([0x20, 2, 0, 0], await link.ConnectAsync(id, user, fixture.Password(id, key), clean: true));
        await link.SubscribeAsync(9, "$dps/registrations/res/#", 1);
        (byte header, byte[] suback) = await link.NextAsync();
        Assert.Equal((0x90, "000901"), (header, Convert.ToHexString(suback)));

        await link.PublishAsync("$dps/registrations/PUT/iotdps-register/?$rid=a1", """{"payload":{"x":1}}""", id: 0x0102);
        (header, byte[] puback) = await link.NextAsync();
        Assert.Equal((0x40, "0102"), (header, Convert.ToHexString(puback)));
        (string topic, string body) = await link.ReadPublishAsync();
        JsonElement state = ProvisioningFixture.Json(body);
        if (topic == "$dps/registrations/res/202/?$rid=a1&retry-after=2")
        {
            Assert.Equal("assigning", state.GetProperty("status").GetString());
        }
        else
        {
            Assert.Equal("$dps/registrations/res/200/?$rid=a1", topic);
        }

        state = await ProvisioningFixture.UntilDecidedAsync(link, (topic, body));
        Assert.Equal("assigned", state.GetProperty("status").GetString());
        JsonElement registration = state.GetProperty("registrationState");
        Assert.Equal((id, id, OwnOrOther(registration)), (ProvisioningFixture.Text(registration, "registrationId"), ProvisioningFixture.Text(registration, "deviceId"), ProvisioningFixture.Text(registration, "assignedHub")));
        Assert.Equal(("assigned", "initialAssignment", "{}"), (ProvisioningFixture.Text(registration, "status"), ProvisioningFixture.Text(registration, "substatus"), registration.GetProperty("symmetricKey").GetRawText()));
        Assert.EndsWith("Z", ProvisioningFixture.Text(registration, "createdDateTimeUtc"), StringComparison.Ordinal);

        // Each answer comes behind its PUBACK, however often.
        for (ushort packet = 1; packet <= 50; packet++)
        {
            await link.PublishAsync($"$dps/registrations/GET/iotdps-get-operationstatus/?$rid={packet}&operationId={ProvisioningFixture.Text(state, "operationId")}", " ", packet);
            Assert.Equal(0x40, (await link.NextAsync()).Header);
            Assert.Equal($"$dps/registrations/res/200/?$rid={packet}", (await link.ReadPublishAsync()).Topic);
        }
    }

    [Fact]
    public async Task Register_ByKey_LetsTheDeviceIntoItsHub()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(
            id, $$$$""","deviceId":"dev-{{{{id}}}}","iotHubs":["localhost"],"allocationPolicy":"static","initialTwin":{"tags":{"site":"a"},"properties":{"desired":{"n":1}}}""");
        JsonElement state = (await fixture.RegisterWithKeyAsync(id, key)).GetProperty("registrationState");
        Assert.Equal(("dev-" + id, fixture.OwnAddress), (ProvisioningFixture.Text(state, "deviceId"), ProvisioningFixture.Text(state, "assignedHub")));
        JsonElement twin = (await fixture.Service.SendAsync("GET", "/twins/dev-" + id)).Json;
        Assert.Equal(("a", 1), (twin.GetProperty("tags").GetProperty("site").GetString(), twin.GetProperty("properties").GetProperty("desired").GetProperty("n").GetInt32()));

        // With what it was told and nothing else: host and port of the hub, its id, its key.
        string connection = $"HostName={ProvisioningFixture.Text(state, "assignedHub")};DeviceId=dev-{id};SharedAccessKey={key}";
        await using var device = new RawDevice(connection, fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync());
    }

    [Fact]
    public async Task Register_ByGroupKey_DerivesTheDevicesOwn()
    {
        string group = fixture.NewId();
        string key = await fixture.EnrollAsync(group, ",\"iotHubHostName\":\"localhost\"", isGroup: true);
        string id = fixture.NewId();
        string own = ProvisioningFixture.Derive(key, id);
        JsonElement state = (await fixture.RegisterWithKeyAsync(id, own)).GetProperty("registrationState");
        Assert.Equal(group, ProvisioningFixture.Text(state.GetProperty("symmetricKey"), "enrollmentGroupId"));
        Assert.Equal(own, HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(id)).SharedAccessKey);

        ServiceAnswer listed = await fixture.Enrollments.SendAsync("POST", $"/registrations/{group}/query", """{"query":"*"}""");
        Assert.Equal("DeviceRegistration", listed.Headers.GetValues("x-ms-item-type").Single());
        Assert.Equal([id], listed.Json.EnumerateArray().Select(r => ProvisioningFixture.Text(r, "registrationId")));
        Assert.Equal("assigned", ProvisioningFixture.Text((await fixture.Enrollments.SendAsync("GET", "/registrations/" + id)).Json, "status"));
        Assert.Equal(204, (await fixture.Enrollments.SendAsync("DELETE", "/registrations/" + id)).Status);
        Assert.Equal((404, "EnrollmentNotFound"), Problem(await fixture.Enrollments.SendAsync("GET", "/registrations/" + id)));
    }

    [Fact]
    public async Task Register_ByCertificate_LetsTheDeviceIntoItsHub()
    {
        string id = fixture.NewId();
        using X509Certificate2 certificate = TestAuthority.SelfSigned(id);
        ServiceAnswer put = await fixture.Enrollments.SendAsync(
            "PUT", "/enrollments/" + id, X509("clientCertificates", certificate, ",\"iotHubs\":[\"localhost\"]"));
        Assert.Equal(certificate.GetCertHashString(HashAlgorithmName.SHA256), ProvisioningFixture.Text(put.Json.GetProperty("attestation").GetProperty("x509").GetProperty("clientCertificates").GetProperty("primary").GetProperty("info"), "sha256Thumbprint"));
        JsonElement state = (await fixture.RegisterAsync(id, null, "", certificate)).GetProperty("registrationState");
        Assert.Equal(("assigned", "{}"), (ProvisioningFixture.Text(state, "status"), state.GetProperty("x509").GetRawText()));
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(certificate: certificate));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Register_ByAuthority_TakesIntermediates(bool byReference)
    {
        string group = fixture.NewId();
        string id = fixture.NewId();
        using var root = new TestAuthority("Root " + group);
        using var factory = new TestAuthority("Factory " + group, root);
        using X509Certificate2 leaf = factory.Issue(id);
        string hub = ",\"iotHubs\":[\"localhost\"]";
        string body = X509("signingCertificates", root.Certificate, hub);
        if (byReference)
        {
            Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/modulardm/certificates/" + group, root.Pem, version: false)).Status);
            body = $$$$"""{"attestation":{"type":"x509","x509":{"caReferences":{"primary":"{{{{group}}}}"}}}{{{{hub}}}}}""";
        }

        Assert.Equal(200, (await fixture.Enrollments.SendAsync("PUT", "/enrollmentGroups/" + group, body)).Status);
        JsonElement state = (await fixture.RegisterAsync(id, null, "", leaf, [factory.Certificate])).GetProperty("registrationState");
        Assert.Equal(group, ProvisioningFixture.Text(state.GetProperty("x509"), "enrollmentGroupId"));
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(certificate: leaf));

        // Without the intermediate, with another's name, too old, or from a stranger of the same name: no.
        using var impostor = new TestAuthority("Root " + group);
        using X509Certificate2 forged = impostor.Issue(id);
        using X509Certificate2 other = root.Issue(id + "x");
        using X509Certificate2 old = root.Issue(id, new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 5, 5, 0, 0, 0, TimeSpan.Zero));
        foreach (X509Certificate2 wrong in (X509Certificate2[])[leaf, forged, other, old])
        {
            Assert.Equal(5, await TryConnectAsync(id, $"0ne00000000/registrations/{id}/api-version=2019-03-31", null, wrong));
        }
    }

    [Fact]
    public async Task Connect_AsAnother_IsRefused()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id);
        string user = $"0ne00000000/registrations/{id}/api-version=2019-03-31";
        string good = fixture.Password(id, key);
        Assert.Equal(0, await TryConnectAsync(id, user, good));
        (int Code, string Client, string User, string? Password)[] bad =
        [
            (5, id, user, fixture.Password(id, Convert.ToBase64String(new byte[32]))), (5, id, user, fixture.Password("other", key)), (5, id, user, fixture.Password(id, key, "0ne99999999")),
            (5, id, user, fixture.Password(id, key, policy: null)), (5, id, user, fixture.Password(id, key, policy: "device")), (5, id, user, null), (5, id, user, "x"),
            (5, "nobody", user.Replace(id, "nobody", StringComparison.Ordinal), fixture.Password("nobody", key)),
            (5, id, user.Replace("0ne00000000", "0ne99999999", StringComparison.Ordinal), good),
            (2, "other", user, good), (2, id, user.Replace("/api", "/?api", StringComparison.Ordinal), good), (2, id, $"localhost/{id}/?api-version=2021-04-12", good), (2, id, "", good),
        ];
        foreach ((int code, string client, string name, string? password) in bad)
        {
            Assert.Equal((code, name), (await TryConnectAsync(client, name, password), name));
        }

        await fixture.Enrollments.SendAsync("PUT", "/enrollments/" + id, ProvisioningFixture.Body(), "*");
        Assert.Equal(0, await TryConnectAsync(id, user, good)); // Keys that a PUT leaves out stay.
        fixture.Clock.Advance(TimeSpan.FromMinutes(66));
        Assert.Equal(5, await TryConnectAsync(id, user, good));
    }

    [Fact]
    public async Task Register_DisabledEnrollment_IsDisabledAndMakesNothing()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id, ",\"provisioningStatus\":\"disabled\"");
        JsonElement answer = await fixture.RegisterWithKeyAsync(id, key);
        Assert.Equal(("disabled", "disabled"), (ProvisioningFixture.Text(answer, "status"), ProvisioningFixture.Text(answer.GetProperty("registrationState"), "status")));
        Assert.False(answer.GetProperty("registrationState").TryGetProperty("assignedHub", out _));
        Assert.Equal(404, (await fixture.Service.SendAsync("GET", "/devices/" + id)).Status);
        Assert.Equal(404, (await fixture.OtherService.SendAsync("GET", "/devices/" + id)).Status);
    }

    [Fact]
    public async Task Register_BadRequests_AreAnsweredInWords()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id);
        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", fixture.Hub.DpsPort!.Value, fixture.Hub.CaFile);
        await link.ConnectAsync(id, $"0ne00000000/registrations/{id}/api-version=2019-03-31", fixture.Password(id, key), clean: true);
        await link.SubscribeAsync(1, "$dps/registrations/other/#", 1);
        Assert.Equal("000180", Convert.ToHexString((await link.NextAsync()).Body));
        await link.SubscribeAsync(2, "$dps/registrations/res/#", 0);
        Assert.Equal("000200", Convert.ToHexString((await link.NextAsync()).Body));
        (string Body, int Code)[] bad = [("[", 400006), ("[]", 400004), ("""{"registrationId":"other"}""", 400004), ("""{"tpm":{"endorsementKey":"x"}}""", 400004)];
        foreach ((string body, int code) in bad)
        {
            await link.PublishAsync("$dps/registrations/PUT/iotdps-register/?$rid=1", body);
            (string topic, string answer) = await link.ReadPublishAsync();
            Assert.Equal(("$dps/registrations/res/400/?$rid=1", code), (topic, ProvisioningFixture.Json(answer).GetProperty("errorCode").GetInt32()));
        }

        await link.PublishAsync("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=5.0.x", " ");
        Assert.Equal("$dps/registrations/res/404/?$rid=2", (await link.ReadPublishAsync()).Topic);
        Assert.Equal(204, (await fixture.Enrollments.SendAsync("DELETE", "/enrollments/" + id)).Status);
        await link.PublishAsync("$dps/registrations/PUT/iotdps-register/?$rid=3", "{}");
        (string gone, string error) = await link.ReadPublishAsync();
        Assert.Equal("$dps/registrations/res/404/?$rid=3", gone);
        Assert.Equal(["errorCode", "trackingId", "message", "timestampUtc"], ProvisioningFixture.Json(error).EnumerateObject().Select(m => m.Name));

        await link.PublishAsync("$iothub/twin/GET/?$rid=1", "");
        await Assert.ThrowsAnyAsync<IOException>(() => link.NextAsync());
    }

    [Fact]
    public async Task TheSameId_AtBothServices_DoesNotTakeOver()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id, ",\"iotHubs\":[\"localhost\"]");
        await fixture.RegisterWithKeyAsync(id, key);
        await using var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock);
        await device.ConnectAsync();
        await device.SubscribeAllAsync();
        await fixture.RegisterWithKeyAsync(id, key);
        await device.GetTwinAsync();
    }

    private static string X509(string member, X509Certificate2 certificate, string members) =>
        $$$$$"""{"attestation":{"type":"x509","x509":{"{{{{{member}}}}}":{"primary":{"certificate":"{{{{{Convert.ToBase64String(certificate.RawData)}}}}}"}}}}{{{{{members}}}}}}""";

    private string? OwnOrOther(JsonElement registration) => ProvisioningFixture.Text(registration, "assignedHub") == fixture.OwnAddress ? fixture.OwnAddress : fixture.OtherAddress;

    private async Task<int> TryConnectAsync(string clientId, string userName, string? password, X509Certificate2? certificate = null)
    {
        await using var link = new WireDevice();
        await link.OpenAsync("127.0.0.1", fixture.Hub.DpsPort!.Value, fixture.Hub.CaFile, certificate);
        return (await link.ConnectAsync(clientId, userName, password, clean: true))[3];
    }

    private static (int Status, string? Name) Problem(ServiceAnswer answer) => (answer.Status, answer.ErrorName);
}
