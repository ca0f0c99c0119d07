using Microsoft.Extensions.Time.Testing;
using ModularDM.Configurator.CommandLine;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Server;

public sealed class ConfirmationTests
{
    private static readonly DateTimeOffset s_noon = new(2031, 5, 6, 12, 0, 0, TimeSpan.Zero);
    private static readonly RebootNow s_reboot = new() { Reason = "asked" };

    [Fact]
    public async Task TwoCalls_SameRequestWithTheWord_IsDoneOnce()
    {
        await using TestServer server = Server("twoCalls");
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        Assert.Equal(s_noon.AddSeconds(30), offer.Expires);
        Assert.Null((await client.GetAsync(new GetRebootSchedule())).LastCommand);
        await client.GetAsync(s_reboot with { Confirm = offer.Confirm });
        Assert.Equal(s_noon, (await client.GetAsync(new GetRebootSchedule())).LastCommand);
        Assert.Equal(["held", "start", "end"], server.Audit.Records.Select(record => record.Event));
        Assert.All(server.Audit.Records, record => Assert.DoesNotContain(offer.Confirm, $"{record.Arguments}{record.Outcome}", StringComparison.Ordinal));

        await RefusedAsync(client, s_reboot with { Confirm = offer.Confirm }, "replayed", "used already");
    }

    [Fact]
    public async Task Word_ForOtherArgumentsOrOperation_IsRefusedAndStaysGood()
    {
        await using TestServer server = Server("twoCalls");
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        await RefusedAsync(client, new RebootNow { Reason = "other", Confirm = offer.Confirm }, "otherRequest", "other arguments");
        await RefusedAsync(client, new SetTelemetryLevel { Level = TelemetryLevel.Full, Confirm = offer.Confirm }, "otherRequest", "another operation");
        await client.GetAsync(s_reboot with { Confirm = offer.Confirm });
    }

    [Fact]
    public async Task Word_FromAnotherPlugin_IsRefused()
    {
        await using TestServer server = Server("twoCalls");
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        await RefusedAsync(client, s_reboot with { Confirm = offer.Confirm }, "otherCaller", "another caller", "modulardm.other");
    }

    [Fact]
    public async Task Word_AfterItsTime_IsRefused()
    {
        var clock = new FakeTimeProvider(s_noon);
        await using TestServer server = Server("twoCalls", clock);
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        clock.Advance(TimeSpan.FromSeconds(30));
        await RefusedAsync(client, s_reboot with { Confirm = offer.Confirm }, "expired", "expired at");
        Assert.Null((await client.GetAsync(new GetRebootSchedule())).LastCommand);
    }

    [Fact]
    public async Task Word_OfAServiceBefore_IsRefused()
    {
        await using TestServer server = Server("twoCalls");
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        await using TestServer next = Server("twoCalls");
        using TestClient again = await next.ConnectAsync();
        await RefusedAsync(again, s_reboot with { Confirm = offer.Confirm }, "unknown", "not known");
    }

    [Fact]
    public async Task OneCall_IsTheDefault_AndAWordIsAMistake()
    {
        await using var server = new TestServer(clock: new FakeTimeProvider(s_noon));
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, s_reboot with { Confirm = "x" });
        await client.GetAsync(s_reboot);
    }

    [Fact]
    public async Task Deny_IsDeniedWhateverIsGranted()
    {
        await using TestServer server = Server("deny");
        using TestClient client = await server.ConnectAsync();
        Assert.Contains("\"deny\"", (await client.FailAsync(ConfiguratorErrorCode.Denied, s_reboot)).Message, StringComparison.Ordinal);
        Assert.Equal("denied", Assert.Single(server.Audit.Records).Event);
    }

    [Fact]
    public async Task LocalApproval_IsDoneOnlyAfterSomebodyAtTheDeviceApproved()
    {
        await using TestServer server = Server("localApproval");
        using TestClient client = await server.ConnectAsync();
        ConfirmationOffer offer = await OfferAsync(client, s_reboot);
        RebootNow second = s_reboot with { Confirm = offer.Confirm };
        Assert.Equal(offer, (await client.FailAsync(ConfiguratorErrorCode.ConfirmationNeeded, second)).Confirmation);

        string listed = await CommandAsync(0, "approve", "--state", server.Folder.Path);
        Assert.Contains("rebootNow for ", listed, StringComparison.Ordinal);
        await CommandAsync(1, "approve", "../state", "--state", server.Folder.Path);
        await CommandAsync(0, "approve", listed[..8], "--state", server.Folder.Path);
        await client.GetAsync(second);
        Assert.Equal(s_noon, (await client.GetAsync(new GetRebootSchedule())).LastCommand);
    }

    [Fact]
    public async Task Offers_OverTheBound_AreBusyUntilSomeExpire()
    {
        var clock = new FakeTimeProvider(s_noon);
        await using TestServer server = Server("twoCalls", clock);
        using TestClient client = await server.ConnectAsync();
        for (int i = 0; i < 16; i++)
        {
            await OfferAsync(client, new RebootNow { Reason = $"{i}" });
        }

        await client.FailAsync(ConfiguratorErrorCode.Busy, s_reboot);
        clock.Advance(TimeSpan.FromSeconds(31));
        await OfferAsync(client, s_reboot);
    }

    [Fact]
    public async Task Offer_ThatCannotBeWrittenDown_IsNotMade()
    {
        await using TestServer server = Server("twoCalls");
        server.Audit.OnWrite = _ => throw new IOException("disk full");
        using TestClient client = await server.ConnectAsync();
        Assert.Null((await client.FailAsync(ConfiguratorErrorCode.Failed, s_reboot)).Confirmation);
    }

    [Fact]
    public void Policy_WrongModes_AreSaid()
    {
        var refused = Assert.Throws<ModularDM.Configurator.Authorization.PolicyException>(() => ModularDM.Configurator.Authorization.PolicyReader.Read("""
            { "version": 1, "callers": [ { "subject": "uid:1", "grants": [ { "plugin": "p", "operations": ["rebootNow"] } ] } ],
              "confirm": { "rebootNow": "thrice", "fly": "deny" }, "confirmSeconds": 1 }
            """u8));
        Assert.All(["confirm.rebootNow:", "confirm.fly:", "confirmSeconds:"], key => Assert.Contains(refused.Errors, e => e.StartsWith(key, StringComparison.Ordinal)));
    }

    private static TestServer Server(string mode, FakeTimeProvider? clock = null)
    {
        string confirm = $"\"confirm\": {{ \"rebootNow\": \"{mode}\", \"setTelemetryLevel\": \"twoCalls\" }}, \"confirmSeconds\": 30, \"callers\":";
        return new TestServer(TestPolicies.Full().Replace("\"callers\":", confirm, StringComparison.Ordinal), clock: clock ?? new FakeTimeProvider(s_noon));
    }

    private static async Task<ConfirmationOffer> OfferAsync(TestClient client, ConfiguratorRequest request)
    {
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.ConfirmationNeeded, request);
        Assert.NotNull(error.Confirmation);
        return error.Confirmation;
    }

    private static async Task RefusedAsync(TestClient client, ConfiguratorRequest request, string detail, string said, string plugin = "modulardm.test")
    {
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.Conflict, request, plugin);
        Assert.Equal(detail, error.Detail);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> CommandAsync(int code, params string[] words)
    {
        var output = new StringWriter();
        Assert.Equal(code, await Cli.RunAsync(words, output, output));
        return output.ToString();
    }
}
