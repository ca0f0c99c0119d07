using System.Text.Json;

namespace ModularDM.Hub.Tests.Local;

public sealed class EnrollmentTests(ProvisioningFixture fixture) : IClassFixture<ProvisioningFixture>
{
    [Theory]
    [InlineData("/enrollments/", "registrationId", "enrollments")]
    [InlineData("/enrollmentGroups/", "enrollmentGroupId", "enrollmentgroups")]
    public async Task Rest_OneEnrollment_IsMadeReadChangedAndRemoved(string root, string member, string lower)
    {
        string id = fixture.NewId();
        ServiceAnswer made = await fixture.Enrollments.SendAsync("PUT", root + id, $$$"""{"{{{member}}}":"{{{id}}}","attestation":{"type":"symmetricKey"},"provisioningStatus":"enabled"}""");
        Assert.Equal((200, "\"AAAAAAAAAAE=\"", id), (made.Status, made.ETag, made.Json.GetProperty(member).GetString()));
        Assert.Equal("\"AAAAAAAAAAE=\"", made.Json.GetProperty("etag").GetString());
        string key = made.Json.GetProperty("attestation").GetProperty("symmetricKey").GetProperty("primaryKey").GetString()!;

        ServiceAnswer read = await fixture.Enrollments.SendAsync("GET", root + id);
        Assert.DoesNotContain(key, read.Body, StringComparison.Ordinal);
        JsonElement mechanism = (await fixture.Enrollments.SendAsync("POST", $"/{lower}/{id}/attestationmechanism", "")).Json;
        Assert.Equal(("symmetricKey", key), (mechanism.GetProperty("type").GetString(), mechanism.GetProperty("symmetricKey").GetProperty("primaryKey").GetString()));

        // What was read can be written back with its ETag, and keeps its keys.
        Assert.Equal((409, "EnrollmentAlreadyExists"), Problem(await fixture.Enrollments.SendAsync("PUT", root + id, read.Body)));
        Assert.Equal((412, "PreconditionFailed"), Problem(await fixture.Enrollments.SendAsync("PUT", root + id, read.Body, "\"AAAAAAAAAAI=\"")));
        Assert.Equal("\"AAAAAAAAAAI=\"", (await fixture.Enrollments.SendAsync("PUT", root + id, read.Body.Replace("\"enabled\"", "\"disabled\"", StringComparison.Ordinal), read.ETag)).ETag);
        JsonElement after = (await fixture.Enrollments.SendAsync("POST", $"{root}{id}/attestationmechanism", "")).Json;
        Assert.Equal(key, after.GetProperty("symmetricKey").GetProperty("primaryKey").GetString());
        Assert.Equal("disabled", (await fixture.Enrollments.SendAsync("GET", root + id)).Json.GetProperty("provisioningStatus").GetString());

        Assert.Equal(412, (await fixture.Enrollments.SendAsync("DELETE", root + id, ifMatch: "\"AAAAAAAAAAE=\"")).Status);
        Assert.Equal(204, (await fixture.Enrollments.SendAsync("DELETE", root + id)).Status);
        Assert.Equal((404, "EnrollmentNotFound"), Problem(await fixture.Enrollments.SendAsync("GET", root + id)));
        Assert.Equal(404, (await fixture.Enrollments.SendAsync("DELETE", root + id)).Status);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"attestation":{"type":"tpm","tpm":{"endorsementKey":"x"}}}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"short"}}}""")]
    [InlineData("""{"attestation":{"type":"x509","x509":{}}}""")]
    [InlineData("""{"attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"nonsense"}}}}}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"registrationId":"another"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"deviceId":"a b"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"provisioningStatus":"asleep"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"allocationPolicy":"geoLatency"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"allocationPolicy":"static"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"allocationPolicy":"custom"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"file:///etc/passwd"}}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"iotHubs":"localhost"}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"reprovisionPolicy":{"updateHubAssignment":"yes"}}""")]
    [InlineData("""{"attestation":{"type":"symmetricKey"},"initialTwin":{"properties":{"desired":{"a.b":1}}}}""")]
    public async Task Put_BadEnrollment_IsRefused(string body)
    {
        Assert.Equal((400, "ArgumentInvalid"), Problem(await fixture.Enrollments.SendAsync("PUT", "/enrollments/bad", body)));
        Assert.Equal(404, (await fixture.Enrollments.SendAsync("GET", "/enrollments/bad")).Status);
    }

    [Fact]
    public async Task Put_BadId_IsRefused()
    {
        foreach (string id in (string[])["a%20b", "ends.", "a@b"])
        {
            Assert.Equal(400, (await fixture.Enrollments.SendAsync("PUT", "/enrollments/" + id, ProvisioningFixture.Body())).Status);
        }
    }

    [Fact]
    public async Task Bulk_EachMode_AnswersForEachEntry()
    {
        Assert.Equal("{\"isSuccessful\":true,\"errors\":[]}", (await BulkAsync("create", "x1", "x2")).Body);
        JsonElement again = (await BulkAsync("create", "x1", "x3")).Json;
        Assert.False(again.GetProperty("isSuccessful").GetBoolean());
        JsonElement error = Assert.Single(again.GetProperty("errors").EnumerateArray());
        Assert.Equal(("x1", 409101), (error.GetProperty("registrationId").GetString(), error.GetProperty("errorCode").GetInt32()));
        Assert.Equal(200, (await fixture.Enrollments.SendAsync("GET", "/enrollments/x3")).Status);
        Assert.True((await BulkAsync("update", "x1")).Json.GetProperty("isSuccessful").GetBoolean());
        Assert.False((await BulkAsync("update", "x4")).Json.GetProperty("isSuccessful").GetBoolean());
        Assert.Equal(404, (await fixture.Enrollments.SendAsync("GET", "/enrollments/x4")).Status);
        Assert.False((await BulkAsync("updateIfMatchETag", "x1")).Json.GetProperty("isSuccessful").GetBoolean());
        Assert.True((await BulkAsync("delete", "x1", "x2", "x3")).Json.GetProperty("isSuccessful").GetBoolean());
        Assert.Equal(404, (await fixture.Enrollments.SendAsync("GET", "/enrollments/x3")).Status);
        Assert.Equal(400, (await BulkAsync("destroy", "x1")).Status);
        Assert.Equal(400, (await BulkAsync("create", [.. Enumerable.Range(0, 11).Select(i => "y" + i.ToString(System.Globalization.CultureInfo.InvariantCulture))])).Status);
    }

    [Fact]
    public async Task Query_All_ComesInPages()
    {
        await BulkAsync("create", "q1", "q2", "q3");
        var found = new List<string?>();
        string? continuation = null;
        do
        {
            (string, string)[] headers = continuation is null ? [("x-ms-max-item-count", "2")] : [("x-ms-max-item-count", "2"), ("x-ms-continuation", continuation)];
            ServiceAnswer page = await fixture.Enrollments.SendAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""", headers: headers);
            Assert.Equal("Enrollment", page.Headers.GetValues("x-ms-item-type").Single());
            Assert.InRange(page.Json.GetArrayLength(), 1, 2);
            found.AddRange(page.Json.EnumerateArray().Select(e => e.GetProperty("registrationId").GetString()));
            continuation = page.Headers.TryGetValues("x-ms-continuation", out IEnumerable<string>? values) ? values.Single() : null;
        }
        while (continuation is not null);
        Assert.Equal(found.Distinct().Order(StringComparer.Ordinal), found);
        Assert.Superset(new HashSet<string?> { "q1", "q2", "q3" }, new HashSet<string?>(found));
        Assert.Equal(400, (await fixture.Enrollments.SendAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments WHERE x = 1"}""")).Status);
    }

    [Fact]
    public async Task Authorize_PolicyOfTheOtherService_IsRefused()
    {
        Assert.Equal(401, (await fixture.Service.SendAsync("GET", "/enrollments/any")).Status);
        Assert.Equal(401, (await fixture.Service.SendAsync("PUT", "/enrollmentGroups/any", ProvisioningFixture.Body())).Status);
        Assert.Equal(401, (await fixture.Enrollments.SendAsync("GET", "/devices")).Status);
        Assert.Equal(401, (await fixture.Enrollments.SendAsync("GET", "/twins/any")).Status);
    }

    private Task<ServiceAnswer> BulkAsync(string mode, params string[] ids)
    {
        string entries = string.Join(',', ids.Select(id => "{\"registrationId\":\"" + id + "\",\"attestation\":{\"type\":\"symmetricKey\"}}"));
        return fixture.Enrollments.SendAsync("POST", "/enrollments", "{\"mode\":\"" + mode + "\",\"enrollments\":[" + entries + "]}");
    }

    private static (int Status, string? Name) Problem(ServiceAnswer answer) => (answer.Status, answer.ErrorName);
}
