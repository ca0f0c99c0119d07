using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local.CommandLine;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Throttling;

namespace ModularDM.Hub.Tests.Local.Faults;

public sealed class FaultApiTests(FaultFixture fixture) : IClassFixture<FaultFixture>
{
    [Fact]
    public async Task Put_ListDelete_CarriesTheFault()
    {
        const string fault = """{"kind":"delay","deviceId":"d","times":3,"seconds":60,"probability":0.5,"seed":7,"delayMilliseconds":200,"direction":"toHub"}""";
        ServiceAnswer put = await fixture.Service.SendAsync("PUT", "/modulardm/faults/slow", fault, version: false);
        Assert.Equal(200, put.Status);
        Assert.Equal(
            """{"id":"slow","kind":"delay","deviceId":"d","times":3,"seconds":60,"probability":0.5,"seed":7,"delayMilliseconds":200,"direction":"toHub","hits":0,"inForce":true}""",
            put.Body);
        JsonElement listed = (await fixture.Service.SendAsync("GET", "/modulardm/faults", version: false)).Json.EnumerateArray().Single(f => f.GetProperty("id").GetString() == "slow");
        Assert.Equal(put.Body, listed.GetRawText());
        Assert.Equal(200, (await fixture.Service.SendAsync("PUT", "/modulardm/faults/slow", listed.GetRawText(), version: false)).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/modulardm/faults/slow", version: false)).Status);
        Assert.Equal(400, (await fixture.Service.SendAsync("DELETE", "/modulardm/faults/slow", version: false)).Status);
    }

    [Theory]
    [InlineData("{}", "'kind' is missing: drop, reset, blackHole, delay, throttle, refuse, loseAnswer, clockSkew.")]
    [InlineData("""{"kind":"Drop"}""", "'kind' must be one of: drop,")]
    [InlineData("""{"kind":"drop","when":1}""", "'when' is not a member of a fault; these are: kind,")]
    [InlineData("""{"kind":"drop","operation":"restTwin"}""", "The kind drop strikes these operations alone: link, connect, twinGet, twinReport, desired, method, methodAnswer, message.")]
    [InlineData("""{"kind":"clockSkew","operation":"link","skewSeconds":5}""", "The kind clockSkew takes no 'operation'.")]
    [InlineData("""{"kind":"delay"}""", "'delayMilliseconds' must be from 1 to 60000")]
    [InlineData("""{"kind":"drop","probability":0}""", "'probability' must be over 0 and at most 1.")]
    [InlineData("""{"kind":"drop","times":0,"deviceId":7}""", "'deviceId' must be a string.")]
    [InlineData("""{"kind":"drop","times":1.5}""", "'times' must be a whole number from 1 to 2147483647.")]
    [InlineData("[]", "The body must be a JSON object.")]
    public async Task Put_NotAFault_SaysWhatIsWrongAndIsNotThere(string body, string message)
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("PUT", "/modulardm/faults/bad", body, version: false);
        Assert.Equal((400, "ArgumentInvalid"), (answer.Status, answer.ErrorName));
        string words = answer.Json.GetProperty("Message").GetString()!;
        Assert.Contains(message, words, StringComparison.Ordinal);
        Assert.DoesNotContain("\"bad\"", (await fixture.Service.SendAsync("GET", "/modulardm/faults", version: false)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_PolicyOfLess_IsRefused()
    {
        foreach (string policy in (string[])["service", "registryReadWrite", "device"])
        {
            using var service = new ServiceClient(fixture.Hub.GetServiceConnectionString(policy), fixture.Hub.CaFile, fixture.Clock);
            Assert.Equal(401, (await service.SendAsync("PUT", "/modulardm/faults/x", """{"kind":"drop"}""", version: false)).Status);
        }
    }

    [Fact]
    public async Task Throttle_OfEverything_DoesNotReachTheFaultsOwnApi()
    {
        InjectedFault fault = fixture.Put(new Fault { Kind = FaultKind.Throttle });
        Assert.Equal(429, (await fixture.Service.SendAsync("GET", "/devices")).Status);
        Assert.Equal(204, (await fixture.Service.SendAsync("DELETE", "/modulardm/faults/" + fault.Id, version: false)).Status);
        Assert.Equal(200, (await fixture.Service.SendAsync("GET", "/devices")).Status);
    }

    [Fact]
    public void Strike_ProbabilityAndSeed_HitsTheSamePlacesEachTime()
    {
        bool[] first = Draw(seed: 5), second = Draw(seed: 5), other = Draw(seed: 6);
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.InRange(first.Count(hit => hit), 30, 70);

        static bool[] Draw(int seed)
        {
            var fault = new InjectedFault("f", new Fault { Kind = FaultKind.Throttle, Probability = 0.5, Seed = seed }, TimeProvider.System);
            return [.. Enumerable.Range(0, 100).Select(_ => fault.TryStrike(FaultOperation.TwinGet, "d"))];
        }
    }

    [Fact]
    public void Strike_AfterItsTimeOrTimes_Misses()
    {
        var clock = new FakeTimeProvider();
        var fault = new InjectedFault("f", new Fault { Kind = FaultKind.Refuse, DeviceId = "d", Times = 2, Duration = TimeSpan.FromSeconds(10) }, clock);
        Assert.False(fault.TryStrike(FaultOperation.Connect, "e"));
        Assert.False(fault.TryStrike(FaultOperation.TwinGet, "d"));
        Assert.True(fault.TryStrike(FaultOperation.Connect, "d"));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.False(fault.TryStrike(FaultOperation.Connect, "d"));
        fault = new InjectedFault("f", fault.Fault, clock);
        Assert.True(fault.TryStrike(FaultOperation.Connect, "d") && fault.TryStrike(FaultOperation.Connect, "d"));
        Assert.False(fault.TryStrike(FaultOperation.Connect, "d"));
    }
}

public sealed class FaultCommandTests
{
    [Theory]
    [InlineData("--throttle s2", "--throttle must be s1, or s1:<units> with 1 to 200 units; it is 's2'.")]
    [InlineData("--throttle s1:0", "--throttle must be s1, or s1:<units> with 1 to 200 units; it is 's1:0'.")]
    public void Command_BadThrottle_SaysWhatIsAllowed(string line, string error) =>
        Assert.Equal(error, Assert.Single(HubCommand.Create().Parse(line).Errors).Message);

    [Fact]
    public void Command_FaultsAndThrottle_AreTaken()
    {
        ParseResult parsed = HubCommand.Create().Parse("--allow-faults --throttle s1:3");
        Assert.Empty(parsed.Errors);
        Assert.True(parsed.GetValue<bool>("--allow-faults"));
        Assert.Equal(HubThrottle.S1(3), parsed.GetValue<HubThrottle?>("--throttle"));
    }
}

public sealed class FaultsOffTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Faults_NotAllowed_AreRefusedWithTheOption()
    {
        ServiceAnswer answer = await fixture.Service.SendAsync("PUT", "/modulardm/faults/x", """{"kind":"drop"}""", version: false);
        Assert.Equal((400, "InvalidOperation"), (answer.Status, answer.ErrorName));
        Assert.Contains("--allow-faults", answer.Body, StringComparison.Ordinal);
        Assert.Contains("AllowFaults", Assert.Throws<InvalidOperationException>(() => fixture.Hub.Faults).Message, StringComparison.Ordinal);
    }
}
