using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Contracts;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Twin;

public sealed class TwinEngineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly InMemoryHub _hub = new();
    private readonly FakeSection _fan = new("contoso.fan");
    private readonly FakeSection _time = new("timeInfo");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Desired_AtConnect_IsAppliedReadAndReportedInOnePatch()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();

        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "completed", 2);

        Assert.Equal(40, (int)fan["speed"]!);
        Assert.Single(_hub.Patches, patch => patch.Contains("\"fan\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Patch_OfOneMember_HandsOverTheWholeSectionAndTheChangedPath()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40,"limits":{"min":10,"max":90}}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        _hub.PatchDesired("""{"contoso":{"fan":{"limits":{"max":80}}}}""");
        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "completed", 3);

        Assert.Equal("""{"speed":40,"limits":{"min":10,"max":80}}""", _fan.Values[^1]);
        Assert.Equal(["limits.max"], _fan.Applied[^1].ChangedPaths);
        Assert.Equal(80, (int)fan["limits"]!["max"]!);
    }

    [Fact]
    public async Task Patch_WithNull_RemovesTheMemberFromDesiredAndFromReported()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40,"boost":true}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        _hub.PatchDesired("""{"contoso":{"fan":{"boost":null}}}""");
        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "completed", 3);

        Assert.Null(fan["boost"]);
        Assert.Contains("\"boost\":null", _hub.Patches[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Section_LeavesDesired_IsToldOnceAndItsReportIsGone()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed");

        _hub.PatchDesired("""{"contoso":{"fan":null}}""");
        await _hub.ReportedAsync(node => node["contoso"]?["fan"] is null);

        Assert.Equal("removed", _fan.Values[^1]);
        Assert.Equal("""{"speed":40}""", _fan.Device);
    }

    [Fact]
    public async Task Section_LeavesDesiredWhileOffline_IsToldAtReconnect()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed");
        _hub.Disconnect();

        _hub.PatchDesired("""{"contoso":{"fan":null}}""");
        _hub.Connect(twin);
        await _hub.ReportedAsync(node => node["contoso"]?["fan"] is null);

        Assert.Equal("removed", _fan.Values[^1]);
    }

    [Fact]
    public async Task Patch_OfOldVersion_IsDropped()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        _hub.Notify("""{"contoso":{"fan":{"speed":1}},"$version":2}""");
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":50}}}""");
        await _hub.SectionAsync("contoso", "fan", "completed", 3);

        Assert.DoesNotContain("""{"speed":1}""", _fan.Values);
        Assert.Equal(1, _hub.Fetches);
    }

    [Theory]
    [InlineData("{oops")]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("""{"contoso":{"fan\ud800":{"speed":1}},"$version":3}""")]
    [InlineData("""{"contoso":{"fan":{"speed":"\ud800"}},"$version":3}""")]
    public async Task Patch_ThatCannotBeRead_FetchesFullTwinAndTheNextIsApplied(string patch)
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        _hub.Notify(patch);
        await WaitAsync(() => _hub.Fetches == 2);
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":50}}}""");

        Assert.Equal(50, (int)(await _hub.SectionAsync("contoso", "fan", "completed", 3))["speed"]!);
    }

    [Fact]
    public async Task ReportAll_OfAnAppliedSection_KeepsItsVersionAndOfARejectedOneItsError()
    {
        _time.OnApply = (_, _) => Task.FromResult(ApplyResult.Rejected(new SectionError("ntpServer", "no such server", 5)));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}},"windows":{"timeInfo":{"ntpServer":"?"}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);
        await _hub.SectionAsync("windows", "timeInfo", "failed", 2);

        _fan.Device = """{"speed":41}""";
        _time.Device = """{"ntpServer":"b"}""";
        await twin.Engine.ReportAllAsync(CancellationToken.None);
        JsonNode reported = await _hub.ReportedAsync(node => (int?)node["contoso"]!["fan"]!["speed"] == 41 && (string?)node["windows"]!["timeInfo"]!["ntpServer"] == "b");

        Assert.Equal(("completed", 2), ((string)reported["contoso"]!["fan"]!["lastChange"]!["state"]!, (int)reported["contoso"]!["fan"]!["lastChange"]!["version"]!));
        Assert.Contains("no such server", (string)reported["windows"]!["timeInfo"]!["lastChange"]!["errContext"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Desired_VersionGap_FetchesFullTwin()
    {
        await using TwinFixture twin = Run();
        await _hub.ReportedAsync(node => node["modularDM"] is not null);
        _hub.LoseNotifications = true;
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        _hub.LoseNotifications = false;

        _hub.PatchDesired("""{"windows":{"timeInfo":{"ntpServer":"ntp.example.com"}}}""");
        await _hub.SectionAsync("windows", "timeInfo", "completed", 3);
        await _hub.SectionAsync("contoso", "fan", "completed", 3);

        Assert.Equal(2, _hub.Fetches);
    }

    [Fact]
    public async Task Reconnect_WithNothingChanged_AppliesNothing()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed");
        int patches = _hub.Patches.Count;

        _hub.Disconnect();
        _hub.Connect(twin);
        _hub.PatchDesired("""{"windows":{"timeInfo":{}}}""");
        await _hub.SectionAsync("windows", "timeInfo", "completed");

        Assert.Single(_fan.Values);
        Assert.Equal(patches + 1, _hub.Patches.Count);
    }

    [Fact]
    public async Task Restart_WithNothingChanged_AppliesNothing()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using (TwinFixture first = Run())
        {
            await _hub.SectionAsync("contoso", "fan", "completed");
        }

        await using TwinFixture second = Run();
        _hub.PatchDesired("""{"windows":{"timeInfo":{}}}""");
        await _hub.SectionAsync("windows", "timeInfo", "completed");

        Assert.Single(_fan.Values);
    }

    [Fact]
    public async Task Restart_AfterAFailedApply_AppliesAgain()
    {
        _fan.OnApply = (_, _) => Task.FromResult(ApplyResult.Failed(new SectionError("speed", "the fan is stuck", 7)));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using (TwinFixture first = Run())
        {
            await _hub.SectionAsync("contoso", "fan", "failed");
        }

        _fan.OnApply = null;
        await using TwinFixture second = Run();

        Assert.Equal(40, (int)(await _hub.SectionAsync("contoso", "fan", "completed"))["speed"]!);
    }

    [Fact]
    public async Task Restart_SectionThatForgetsAtPowerOff_IsAppliedBeforeTheHubIsReached()
    {
        var forgetful = new FakeSection("contoso.fan") { ApplyAtBoot = true };
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using (TwinFixture first = Run([forgetful]))
        {
            await _hub.SectionAsync("contoso", "fan", "completed");
        }

        forgetful.Device = "{}";
        await using var second = new TwinFixture(_hub, _folder.Path, [forgetful]);
        second.Engine.Start();

        await WaitAsync(() => forgetful.Device == """{"speed":40}""");
    }

    [Fact]
    public async Task Apply_Rejected_ReportsTheOriginalsErrorMembersAndKeepsTheDevicesTruth()
    {
        _fan.Device = """{"speed":20}""";
        _fan.OnApply = (_, _) => Task.FromResult(ApplyResult.Rejected(
            new SectionError("speed", "must be between 0 and 100", ErrorCodes.InvalidDesiredJsonValue),
            new SectionError("boost", "unknown member", ErrorCodes.InvalidDesiredJsonValue)));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":400,"boost":1}}}""");
        await using TwinFixture twin = Run();

        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "failed", 2);

        Assert.Equal("DeviceManagement", (string)fan["lastChange"]!["errSubSystem"]!);
        Assert.Equal(-1610612736, (int)fan["lastChange"]!["errCode"]!);
        Assert.Equal("speed: must be between 0 and 100; boost: unknown member", (string)fan["lastChange"]!["errContext"]!);
        Assert.Equal(20, (int)fan["speed"]!);
    }

    [Fact]
    public async Task Apply_CompletedAfterAFailure_TakesTheErrorMembersBackInTheSamePatch()
    {
        _fan.OnApply = (_, _) => Task.FromResult(ApplyResult.Rejected(new SectionError("speed", "too fast", 1)));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":400}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "failed");
        _fan.OnApply = null;

        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "completed");

        Assert.Null(fan["lastChange"]!["errCode"]);
        Assert.Single(_hub.Patches, patch => patch.Contains("\"errCode\":null", StringComparison.Ordinal) && patch.Contains("\"completed\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Apply_OverAQuarterOfASecond_SaysPendingAndThenCompleted()
    {
        var clock = new FakeTimeProvider();
        var gate = new TaskCompletionSource();
        _fan.OnApply = async (_, _) =>
        {
            await gate.Task;
            return ApplyResult.Completed;
        };
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = new TwinFixture(_hub, _folder.Path, [_fan, _time], clock).Start();
        await WaitAsync(() => _fan.Applied.Count == 1);

        clock.Advance(SectionWorker.PendingAfter);
        JsonNode pending = await _hub.SectionAsync("contoso", "fan", "pending", 2);
        gate.SetResult();
        JsonNode done = await _hub.SectionAsync("contoso", "fan", "completed", 2);

        Assert.Equal((string)pending["lastChange"]!["time"]!, (string)done["lastChange"]!["time"]!);
    }

    [Fact]
    public async Task Patches_WhileOneIsApplied_WaitAndOnlyTheNewestRuns()
    {
        var gate = new TaskCompletionSource();
        _fan.OnApply = async (desired, _) =>
        {
            await (desired.Version == 2 ? gate.Task : Task.CompletedTask);
            return ApplyResult.Completed;
        };
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":1}}}""");
        await using TwinFixture twin = Run();
        await WaitAsync(() => _fan.Applied.Count == 1);
        for (int speed = 2; speed <= 20; speed++)
        {
            _hub.PatchDesired("{\"contoso\":{\"fan\":{\"speed\":" + speed + "}}}");
        }

        _hub.PatchDesired("""{"windows":{"timeInfo":{}}}""");
        await _hub.SectionAsync("windows", "timeInfo", "completed");
        gate.SetResult();
        await _hub.SectionAsync("contoso", "fan", "completed", 21);

        Assert.Equal(["""{"speed":1}""", """{"speed":20}"""], _fan.Values);
        Assert.Equal(1, _fan.MostAtOnce);
    }

    [Fact]
    public async Task Section_AfterOneThatFails_FailsNamingItAndIsAppliedOnceThatIsMended()
    {
        var follower = new FakeSection("contoso.light") { After = [_fan.Name] };
        _fan.OnApply = (_, _) => Task.FromResult(ApplyResult.Failed(new SectionError("", "no power", 7)));
        _hub.PatchDesired("""{"contoso":{"light":{"on":true},"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run([follower, _fan]);
        JsonNode light = await _hub.SectionAsync("contoso", "light", "failed");
        Assert.Contains("contoso.fan", (string)light["lastChange"]!["errContext"]!, StringComparison.Ordinal);
        Assert.Empty(follower.Values);
        _fan.OnApply = null;

        _hub.PatchDesired("""{"contoso":{"fan":{"speed":41}}}""");

        Assert.True((bool)(await _hub.SectionAsync("contoso", "light", "completed"))["on"]!);
    }

    [Fact]
    public async Task Sections_InACircle_AreRefusedByNameAndOthersRun()
    {
        SectionName a = new("contoso", "a"), b = new("contoso", "b");
        await using TwinFixture twin = Run([new FakeSection("contoso.a") { After = [b] }, new FakeSection("contoso.b") { After = [a] }, _fan]);
        _hub.PatchDesired("""{"contoso":{"a":{},"b":{},"fan":{"speed":1}}}""");

        JsonNode refused = await _hub.SectionAsync("contoso", "a", "failed");
        await _hub.SectionAsync("contoso", "b", "failed");
        await _hub.SectionAsync("contoso", "fan", "completed");

        Assert.Contains("contoso.a -> contoso.b -> contoso.a", (string)refused["lastChange"]!["errContext"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refreshing_AsAValue_IsANoOpThatLeavesTheStatusAlone()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        _hub.PatchDesired("""{"contoso":{"fan":"refreshing"}}""");
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await _hub.SectionAsync("contoso", "fan", "completed", 4);

        Assert.Equal(["""{"speed":40}""", """{"speed":40}"""], _fan.Values);
    }

    [Fact]
    public async Task VendorNode_ThatIsNoObject_IsNamedAndTheSectionsStayAsTheyAre()
    {
        _hub.PatchDesired("""{"windows":{"timeInfo":{"ntpServer":"a"}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("windows", "timeInfo", "completed", 2);

        _hub.PatchDesired("""{"windows":5}""");
        await _hub.ReportedAsync(node => node["modularDM"]!["unknown"]!.AsArray().Any(name => ((string)name!).StartsWith("windows", StringComparison.Ordinal)));
        Assert.Single(_time.Values);

        _hub.PatchDesired("""{"windows":{"timeInfo":{"ntpServer":"b"}}}""");
        await _hub.ReportedAsync(node => node["modularDM"]!["unknown"]!.AsArray().Count == 0);
        Assert.Equal("b", (string)(await _hub.SectionAsync("windows", "timeInfo", "completed", 4))["ntpServer"]!);
    }

    [Fact]
    public async Task UnknownSection_UnderTheCoreVendor_IsNamedAndUnderAnotherLeftAlone()
    {
        _hub.PatchDesired("""{"windows":{"notAThing":{"x":1}},"contoso":{"itsOwn":{"y":1}},"application":{"z":1}}""");
        await using TwinFixture twin = Run();

        JsonNode reported = await _hub.ReportedAsync(node => node["modularDM"]?["unknown"]?.AsArray().Count > 0);

        Assert.Equal("windows.notAThing", (string)reported["modularDM"]!["unknown"]!.AsArray().Single()!);
        Assert.Null(reported["windows"]);
        Assert.Null(reported["contoso"]);
        _hub.PatchDesired("""{"windows":{"notAThing":null}}""");
        await _hub.ReportedAsync(node => node["modularDM"]!["unknown"]!.AsArray().Count == 0);
    }

    [Fact]
    public async Task Replace_OfTheTwinWithoutNulls_RemovesWhatIsGone()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40,"boost":true}},"windows":{"timeInfo":{"ntpServer":"a"}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("contoso", "fan", "completed", 2);
        await _hub.SectionAsync("windows", "timeInfo", "completed", 2);

        _hub.PutDesired("""{"contoso":{"fan":{"speed":50}},"windows":{"timeInfo":{"ntpServer":"b"}}}""");

        JsonNode reported = await _hub.ReportedAsync(node => node["contoso"]?["fan"]?["speed"]?.GetValue<int>() == 50 && node["contoso"]!["fan"]!["boost"] is null);
        Assert.NotNull(reported);
    }

    [Fact]
    public async Task Report_OverTheHubsLimit_IsAClearErrorWithTheBiggestMembersAndOthersGoOn()
    {
        string big = string.Join(",", Enumerable.Range(0, 12).Select(i => $"\"part{i}\":\"{new string('x', 2800)}\""));
        _fan.OnRead = () => new SectionReading(SectionReport.FromJson(System.Text.Encoding.UTF8.GetBytes($"{{{big}}}")));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":1}},"windows":{"timeInfo":{}}}""");
        await using TwinFixture twin = Run();

        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "failed", 2);
        await _hub.SectionAsync("windows", "timeInfo", "completed", 2);

        string context = (string)fan["lastChange"]!["errContext"]!;
        Assert.Contains("32768", context, StringComparison.Ordinal);
        Assert.Contains("part0 (2800)", context, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.ReportTooLarge, (int)fan["lastChange"]!["errCode"]!);
    }

    [Fact]
    public async Task Report_ThatTheHubRefuses_FailsThatSectionAloneAndTheRestArrives()
    {
        _hub.BeforeReport = patch =>
        {
            if (patch.Contains("\"speed\":66", StringComparison.Ordinal))
            {
                throw HubException.FromStatus("Twin PATCH", 400, "the hub does not like 66");
            }
        };
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":66}},"windows":{"timeInfo":{"ntpServer":"a"}}}""");
        await using TwinFixture twin = Run();

        JsonNode fan = await _hub.SectionAsync("contoso", "fan", "failed", 2);
        JsonNode time = await _hub.SectionAsync("windows", "timeInfo", "completed", 2);

        Assert.Contains("does not like 66", (string)fan["lastChange"]!["errContext"]!, StringComparison.Ordinal);
        Assert.Equal("a", (string)time["ntpServer"]!);
    }

    [Fact]
    public async Task Report_WhileTheHubThrottles_IsSentAgainUntilItIsThere()
    {
        int refusals = 3;
        _hub.BeforeReport = _ =>
        {
            if (refusals-- > 0)
            {
                throw new HubException(HubFailure.ServerError, "busy");
            }
        };
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();

        await _hub.SectionAsync("contoso", "fan", "completed", 2);

        Assert.True(refusals < 0);
    }

    [Fact]
    public async Task Report_WhoseAnswerIsLost_IsLookedUpBeforeTheNextIsSent()
    {
        bool lose = true;
        _hub.AfterReport = patch =>
        {
            if (lose && patch.Contains("\"boost\":true", StringComparison.Ordinal))
            {
                lose = false;
                throw HubException.Timeout("Twin PATCH", TimeSpan.FromSeconds(60));
            }
        };
        await using TwinFixture twin = Run();
        await _hub.ReportedAsync(node => node["modularDM"] is not null);
        _hub.PatchDesired("""{"contoso":{"fan":{"boost":true}}}""");
        await _hub.ReportedAsync(node => node["contoso"]?["fan"]?["boost"] is not null);

        _hub.PatchDesired("""{"contoso":{"fan":null}}""");
        await _hub.ReportedAsync(node => node["contoso"]?["fan"] is null);

        Assert.False(lose);
    }

    [Fact]
    public async Task Report_MadeWhileOffline_ArrivesAfterARestart()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using (TwinFixture first = Run())
        {
            await _hub.SectionAsync("contoso", "fan", "completed", 2);
            _hub.Disconnect();
            first.Reported.Set(_fan.Name, SectionReport.FromJson("""{"speed":41}"""u8.ToArray()), null);
        }

        await using TwinFixture second = Run();

        await _hub.ReportedAsync(node => (int?)node["contoso"]!["fan"]!["speed"] == 41);
    }

    [Fact]
    public async Task Pending_LeftByAnEarlierRun_IsResolved()
    {
        SectionName rebootCmd = new("windows", "rebootCmd");
        _hub.SeedReported("""
            {"windows":{"rebootCmd":{"response":"scheduled","lastChange":{"time":"2026-01-01T00:00:00+00:00","state":"pending"}}},
             "contoso":{"fan":{"speed":1,"lastChange":{"time":"2026-01-01T00:00:00+00:00","state":"pending","version":2}}}}
            """);
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = new TwinFixture(_hub, _folder.Path, [_fan], reportOnly: [rebootCmd]).Start();

        await _hub.SectionAsync("contoso", "fan", "completed", 2);
        JsonNode reboot = await _hub.SectionAsync("windows", "rebootCmd", "failed");

        Assert.Contains("interrupted", (string)reboot["lastChange"]!["errContext"]!, StringComparison.Ordinal);
        Assert.Equal("scheduled", (string)reboot["response"]!);
    }

    [Fact]
    public async Task ReportAll_ReadsSectionsThatWereNeverDesired()
    {
        _time.Device = """{"ntpServer":"ntp.example.com"}""";
        await using TwinFixture twin = Run();
        await _hub.ReportedAsync(node => node["modularDM"] is not null);
        Assert.Null(_hub.Reported["windows"]);

        await twin.Engine.ReportAllAsync(CancellationToken.None);

        Assert.Equal("ntp.example.com", (string)(await _hub.SectionAsync("windows", "timeInfo", "completed"))["ntpServer"]!);
        Assert.Empty(_time.Values);
    }

    [Fact]
    public async Task Clear_TakesTheWholeNodeOutAndLaterReportsComeBack()
    {
        _hub.PatchDesired("""{"windows":{"timeInfo":{"ntpServer":"a"}}}""");
        await using TwinFixture twin = Run();
        await _hub.SectionAsync("windows", "timeInfo", "completed");

        twin.Reported.Clear("windows");
        await _hub.ReportedAsync(node => node["windows"] is null);
        await twin.Engine.ReportAllAsync(CancellationToken.None);

        Assert.Equal("a", (string)(await _hub.SectionAsync("windows", "timeInfo", "completed"))["ntpServer"]!);
    }

    [Fact]
    public async Task Summary_FollowsTheSections()
    {
        _fan.OnApply = (_, _) => Task.FromResult(ApplyResult.Failed(new SectionError("", "stuck", 7)));
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}}}""");
        await using TwinFixture twin = Run();
        await _hub.ReportedAsync(node => (string?)node["modularDM"]?["summary"]?["state"] == "failed" && (int?)node["modularDM"]!["summary"]!["failed"] == 1);
        _fan.OnApply = null;

        _hub.PatchDesired("""{"contoso":{"fan":{"speed":41}}}""");

        await _hub.ReportedAsync(node => (string?)node["modularDM"]!["summary"]!["state"] == "ok");
    }

    [Fact]
    public async Task Secrets_AreNotKeptOnDisk()
    {
        var secret = new FakeSection("contoso.vault") { HoldsSecrets = true };
        _hub.PatchDesired("""{"contoso":{"vault":{"key":"c2VjcmV0"}}}""");
        await using (TwinFixture twin = Run([secret]))
        {
            await _hub.SectionAsync("contoso", "vault", "completed");
            await twin.StopAsync();
            Assert.DoesNotContain("c2VjcmV0", await File.ReadAllTextAsync(twin.File.Path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task State_CutAtEveryByte_StartsAndConverges()
    {
        _hub.PatchDesired("""{"contoso":{"fan":{"speed":40}},"windows":{"timeInfo":{"ntpServer":"a"}}}""");
        string path;
        await using (TwinFixture first = Run())
        {
            await _hub.SectionAsync("contoso", "fan", "completed");
            await first.StopAsync();
            path = first.File.Path;
        }

        byte[] whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (int length = 0; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.Current.CancellationToken);
            _fan.Device = """{"speed":-1}""";
            await using TwinFixture cut = Run();
            await _hub.ReportedAsync(node => (int?)node["contoso"]!["fan"]!["speed"] == 40);
            await WaitAsync(() => _fan.Device == """{"speed":40}""");
        }
    }

    private TwinFixture Run(IReadOnlyList<ISectionOwner>? owners = null) => new TwinFixture(_hub, _folder.Path, owners ?? [_fan, _time]).Start();

    private static async Task WaitAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, limit.Token);
        }
    }
}
