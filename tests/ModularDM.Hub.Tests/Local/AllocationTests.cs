using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>To which hub a device goes, and what becomes of it when it comes again.</summary>
public sealed class AllocationTests(ProvisioningFixture fixture) : IClassFixture<ProvisioningFixture>
{
    [Theory]
    [InlineData(true, true, "deviceDataMigrated", 5)]
    [InlineData(true, false, "deviceDataReset", 1)]
    [InlineData(false, true, "initialAssignment", 5)]
    public async Task RegisterAgain_HubChanged_FollowsThePolicy(bool update, bool migrate, string substatus, int n)
    {
        string id = fixture.NewId();
        string Members(string hub) => $$$$""","allocationPolicy":"static","iotHubs":["{{{{hub}}}}"],"reprovisionPolicy":{"updateHubAssignment":{{{{(update ? "true" : "false")}}}},"migrateDeviceData":{{{{(migrate ? "true" : "false")}}}}},"initialTwin":{"properties":{"desired":{"n":1}}}""";
        string key = await fixture.EnrollAsync(id, Members("localhost"));
        Assert.Equal("initialAssignment", ProvisioningFixture.Text((await fixture.RegisterWithKeyAsync(id, key)).GetProperty("registrationState"), "substatus"));
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"t":1},"properties":{"desired":{"n":5}}}""");
        await using (var device = new RawDevice(fixture.Hub.GetDeviceConnectionString(id), fixture.Hub.CaFile, fixture.Clock))
        {
            await device.ConnectAsync();
            await device.SubscribeAllAsync();
            await device.RequestAsync(MqttTopics.ReportedPatch("1"), """{"r":7}""");
            await fixture.EnrollAsync(id, Members("other.example.com"));
            JsonElement state = (await fixture.RegisterWithKeyAsync(id, key)).GetProperty("registrationState");
            Assert.Equal((substatus, update ? fixture.OtherAddress : fixture.OwnAddress), (ProvisioningFixture.Text(state, "substatus"), ProvisioningFixture.Text(state, "assignedHub")));
            if (update)
            {
                await device.ClosedAsync();
            }
        }

        Assert.Equal(update ? 404 : 200, (await fixture.Service.SendAsync("GET", "/devices/" + id)).Status);
        JsonElement twin = (await (update ? fixture.OtherService : fixture.Service).SendAsync("GET", "/twins/" + id)).Json;
        Assert.Equal(n, twin.GetProperty("properties").GetProperty("desired").GetProperty("n").GetInt32());
        bool kept = n == 5;
        Assert.Equal((kept, kept), (twin.GetProperty("tags").TryGetProperty("t", out _), twin.GetProperty("properties").GetProperty("reported").TryGetProperty("r", out _)));
    }

    [Fact]
    public async Task RegisterAgain_SameHub_KeepsTheTwinAndTakesTheNewKey()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id, ",\"iotHubs\":[\"localhost\"],\"initialTwin\":{\"tags\":{\"t\":1}}");
        await fixture.RegisterWithKeyAsync(id, key);
        await fixture.Service.SendAsync("PATCH", "/twins/" + id, """{"tags":{"t":2}}""");
        string fresh = Convert.ToBase64String(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 });
        await fixture.Enrollments.SendAsync("PUT", "/enrollments/" + id, $$$$"""{"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"{{{{fresh}}}}"}},"iotHubs":["localhost"]}""", "*");
        JsonElement state = (await fixture.RegisterWithKeyAsync(id, fresh)).GetProperty("registrationState");
        Assert.Equal("reprovisionedToInitialAssignment", ProvisioningFixture.Text(state, "substatus"));
        Assert.Equal(2, (await fixture.Service.SendAsync("GET", "/twins/" + id)).Json.GetProperty("tags").GetProperty("t").GetInt32());
        Assert.Equal(fresh, HubConnectionString.Parse(fixture.Hub.GetDeviceConnectionString(id)).SharedAccessKey);
    }

    [Fact]
    public async Task Restart_KeepsEnrollmentsAndAssignments()
    {
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id, ",\"iotHubs\":[\"localhost\"],\"reprovisionPolicy\":{\"updateHubAssignment\":false,\"migrateDeviceData\":true}");
        await fixture.RegisterWithKeyAsync(id, key);
        string before = fixture.OwnAddress;
        await fixture.RestartAsync();
        JsonElement state = (await fixture.RegisterWithKeyAsync(id, key)).GetProperty("registrationState");
        Assert.Equal((fixture.OwnAddress, "initialAssignment"), (ProvisioningFixture.Text(state, "assignedHub"), ProvisioningFixture.Text(state, "substatus")));
        Assert.NotEqual(before, ProvisioningFixture.Text(state, "assignedHub")); // The port is another now.
    }

    [Fact]
    public async Task Allocate_Hashed_UsesAllHubsAndStaysWithOne()
    {
        string group = fixture.NewId();
        string key = await fixture.EnrollAsync(group, isGroup: true);
        var assigned = new Dictionary<string, string?>();
        for (int i = 0; i < 12; i++)
        {
            string id = $"{group}-{i}";
            assigned[id] = ProvisioningFixture.Text((await fixture.RegisterWithKeyAsync(id, ProvisioningFixture.Derive(key, id))).GetProperty("registrationState"), "assignedHub");
        }

        Assert.Equal(2, assigned.Values.Distinct().Count());
        foreach ((string id, string? hub) in assigned.Take(3))
        {
            JsonElement again = (await fixture.RegisterWithKeyAsync(id, ProvisioningFixture.Derive(key, id))).GetProperty("registrationState");
            Assert.Equal(("reprovisionedToInitialAssignment", hub), (ProvisioningFixture.Text(again, "substatus"), ProvisioningFixture.Text(again, "assignedHub")));
        }
    }

    [Fact]
    public async Task Allocate_Custom_AsksAndPassesThePayloads()
    {
        await using WebApplication decider = await StartDeciderAsync(async context =>
        {
            using JsonDocument question = await JsonDocument.ParseAsync(context.Request.Body);
            JsonElement runtime = question.RootElement.GetProperty("deviceRuntimeContext");
            Assert.False(question.RootElement.GetProperty("individualEnrollment").GetProperty("attestation").TryGetProperty("symmetricKey", out _));
            string hub = runtime.GetProperty("payload").GetProperty("region").GetString() == "far" ? "other.example.com" : "nowhere.example.com";
            await context.Response.WriteAsync($$$$"""{"iotHubHostName":"{{{{hub}}}}","initialTwin":{"tags":{"by":"decider"}},"payload":{"hello":"{{{{runtime.GetProperty("registrationId").GetString()}}}}"}}""");
        });
        string id = fixture.NewId();
        string key = await fixture.EnrollAsync(id, $$$$""","allocationPolicy":"custom","customAllocationDefinition":{"webhookUrl":"{{{{decider.Urls.First()}}}}/","apiVersion":"2021-10-01"}""");
        JsonElement state = (await fixture.RegisterWithKeyAsync(id, key, """{"payload":{"region":"far"}}""")).GetProperty("registrationState");
        Assert.Equal((fixture.OtherAddress, $$"""{"hello":"{{id}}"}"""), (ProvisioningFixture.Text(state, "assignedHub"), state.GetProperty("payload").GetRawText()));
        Assert.Equal("decider", (await fixture.OtherService.SendAsync("GET", "/twins/" + id)).Json.GetProperty("tags").GetProperty("by").GetString());

        JsonElement unknown = await fixture.RegisterWithKeyAsync(id, key, """{"payload":{"region":"near"}}""");
        Assert.Equal(("failed", 400004), (ProvisioningFixture.Text(unknown, "status"), unknown.GetProperty("registrationState").GetProperty("errorCode").GetInt32()));
        await decider.StopAsync();
        JsonElement unreachable = await fixture.RegisterWithKeyAsync(id, key, """{"payload":{"region":"far"}}""");
        Assert.Equal(("failed", 400207), (ProvisioningFixture.Text(unreachable, "status"), unreachable.GetProperty("registrationState").GetProperty("errorCode").GetInt32()));
        Assert.Equal(200, (await fixture.OtherService.SendAsync("GET", "/devices/" + id)).Status);
    }

    private static async Task<WebApplication> StartDeciderAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        WebApplication application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return application;
    }
}
