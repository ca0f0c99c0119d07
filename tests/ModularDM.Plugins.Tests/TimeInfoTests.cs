using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.Time.TimeInfo;

namespace ModularDM.Plugins.Tests;

public sealed class TimeInfoTests : IDisposable
{
    private const string Whole = """
        {
          "ntpServer": "clock.contoso.example",
          "dynamicDaylightTimeDisabled": false,
          "timeZoneKeyName": "Pacific Standard Time",
          "timeZoneBias": 480,
          "timeZoneDaylightBias": -60,
          "timeZoneDaylightDate": "0000-03-02T02:00:00Z",
          "timeZoneDaylightName": "Pacific Daylight Time",
          "timeZoneDaylightDayOfWeek": 0,
          "timeZoneStandardBias": 0,
          "timeZoneStandardDate": "0000-11-01T02:00:00Z",
          "timeZoneStandardName": "Pacific Standard Time",
          "timeZoneStandardDayOfWeek": 0
        }
        """;

    private readonly FakeDevice _device = new();
    private readonly TimeInfoSection _section;

    public TimeInfoTests() => _section = new TimeInfoSection(_device.Context);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _device.Dispose();

    [Fact]
    public async Task Apply_WholeSection_IsReadBackMemberByMember()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, Whole, Token);
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        using var wanted = JsonDocument.Parse(Whole);
        Assert.All(wanted.RootElement.EnumerateObject(), member => Assert.True(
            JsonElement.DeepEquals(member.Value, report.GetProperty(member.Name)), $"{member.Name}: {report.GetProperty(member.Name)}"));
        Assert.Equal("2026-01-05T00:00:00-08:00", report.GetProperty("localTime").GetString());
        Assert.Equal(13, report.EnumerateObject().Count());
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, Whole, Token);

    [Fact]
    public async Task Apply_ServerAlone_LeavesTheZone()
    {
        TimeZoneRule before = _device.Zone;

        await SectionTester.ApplyAsync(_section, """{ "ntpServer": "clock.contoso.example" }""", Token);

        Assert.Equal("clock.contoso.example", _device.NtpServer);
        Assert.Equal(before, _device.Zone);
        Assert.DoesNotContain(_device.Context.Configurator.Requests, request => request is SetTimeZone);
    }

    [Fact]
    public async Task Apply_OneZoneMember_LeavesTheOthersAndTheServer()
    {
        TimeZoneRule before = _device.Zone;

        await SectionTester.ApplyAsync(_section, """{ "timeZoneDaylightName": "Holiday" }""", Token);

        Assert.Equal(before with { Daylight = before.Daylight with { Name = "Holiday" } }, _device.Zone);
        Assert.Equal("ntp.example.com", _device.NtpServer);
    }

    [Fact]
    public async Task Apply_NothingGiven_ChangesNothing()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, "{}", Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Empty(_device.Context.Configurator.Requests);
    }

    [Fact]
    public async Task Apply_NotFoundSentinel_IsTakenAsAbsentAndNeverConfigured()
    {
        ApplyResult result = await SectionTester.ApplyAsync(
            _section,
            """
            { "ntpServer": "<not found>", "timeZoneKeyName": "<not found>", "timeZoneStandardDate": "<not found>", "timeZoneStandardName": "<not found>", "timeZoneBias": 60 }
            """,
            Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal("ntp.example.com", _device.NtpServer);
        Assert.Equal("Tonga Standard Time", _device.Zone.KeyName);
        Assert.Equal("Tonga Standard Time", _device.Zone.Standard.Name);
        Assert.Equal("", _device.Zone.Standard.Date);
        Assert.Equal(60, _device.Zone.Bias);
    }

    [Fact]
    public async Task Apply_ServerFails_ZoneIsSetAllTheSame()
    {
        _device.Context.Configurator.Fail<SetNtpServer>(ConfiguratorErrorCode.Failed, "the time client exited with 5");

        ApplyResult result = await SectionTester.ApplyAsync(_section, Whole, Token);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome);
        Assert.Equal("ntpServer", Assert.Single(result.Errors).Path);
        Assert.Equal("Pacific Standard Time", _device.Zone.KeyName);
    }

    [Fact]
    public async Task Apply_ZoneUnknown_ServerIsSetAllTheSame()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "ntpServer": "clock.contoso.example", "timeZoneKeyName": "Atlantis Standard Time" }""", Token);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome);
        Assert.Equal("timeZoneKeyName", Assert.Single(result.Errors).Path);
        Assert.Equal("clock.contoso.example", _device.NtpServer);
        Assert.Equal("Tonga Standard Time", _device.Zone.KeyName);
    }

    [Fact]
    public async Task Apply_ZoneUnknownAndNothingElse_IsRejected()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "timeZoneKeyName": "Atlantis Standard Time" }""", Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
    }

    [Fact]
    public async Task Apply_BothFail_BothAreNamed()
    {
        _device.Context.Configurator.Fail<SetNtpServer>(ConfiguratorErrorCode.Denied, "not granted");
        _device.Context.Configurator.Fail<SetTimeZone>(ConfiguratorErrorCode.Failed, "read-only file system");

        ApplyResult result = await SectionTester.ApplyAsync(_section, Whole, Token);

        Assert.Equal(["ntpServer", "timeZoneKeyName"], result.Errors.Select(error => error.Path));
        Assert.Equal([ErrorCodes.Denied, ErrorCodes.Generic], result.Errors.Select(error => error.Code));
    }

    [Fact]
    public async Task Apply_EmptyDates_SayThatThereIsNoDaylightTime()
    {
        _device.Zone = _device.Zone with { Standard = _device.Zone.Standard with { Date = "0000-11-01T02:00:00Z" } };

        await SectionTester.ApplyAsync(_section, """{ "timeZoneStandardDate": "", "timeZoneDaylightDate": "" }""", Token);

        Assert.Equal(("", ""), (_device.Zone.Standard.Date, _device.Zone.Daylight.Date));
    }

    [Theory]
    [InlineData("2020-02-29T02:00:00", "2020-02-29T02:00:00Z")]
    [InlineData("2020-02-29T02:00:00Z", "2020-02-29T02:00:00Z")]
    [InlineData("2020-06-30T23:59:59+05:30", "2020-06-30T23:59:59Z")]
    [InlineData("2020-06-30T23:59:59-008:00", "2020-06-30T23:59:59Z")]
    [InlineData("0000-10-05T03:00:00Z", "0000-10-05T03:00:00Z")]
    [InlineData("3/2/2016 2:00:00 AM", "2016-03-02T02:00:00Z")]
    [InlineData("11/21/2016 12:30:00 PM", "2016-11-21T12:30:00Z")]
    [InlineData("", "")]
    public void TransitionDate_AcceptedSpellings_BecomeOne(string text, string canonical) => Assert.Equal(canonical, TransitionDate.Canonical(text));

    [Theory]
    [InlineData("whenever")]
    [InlineData("2020-02-30T02:00:00Z")]
    [InlineData("2019-02-29T02:00:00Z")]
    [InlineData("0000-10-06T03:00:00Z")]
    [InlineData("0000-10-00T03:00:00Z")]
    [InlineData("0000-13-01T03:00:00Z")]
    [InlineData("2020-01-01T24:00:00Z")]
    [InlineData("2020-01-01T02:60:00Z")]
    [InlineData("2020-01-01T02:00:61Z")]
    [InlineData("2020-01-01T02:00:00.5Z")]
    [InlineData("2020-01-01 02:00:00")]
    [InlineData("2020-01-01T02:00:00Z\n")]
    [InlineData("13/1/2016 2:00:00 AM")]
    [InlineData("3/2/2016")]
    [InlineData(" ")]
    public void TransitionDate_OtherSpellings_AreRefused(string text) => Assert.Null(TransitionDate.Canonical(text));

    [Fact]
    public async Task Apply_BadDates_AreRejectedWithTheirNamesAndNothingIsChanged()
    {
        ApplyResult result = await SectionTester.ApplyAsync(
            _section, """{ "ntpServer": "clock.contoso.example", "timeZoneStandardDate": "whenever", "timeZoneDaylightDate": "never" }""", Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal(["timeZoneStandardDate", "timeZoneDaylightDate"], result.Errors.Select(error => error.Path));
        Assert.Empty(_device.Context.Configurator.Requests);
    }

    [Theory]
    [InlineData("timeZoneBias", "\"480\"")]
    [InlineData("timeZoneBias", "480.5")]
    [InlineData("timeZoneBias", "9999")]
    [InlineData("timeZoneDaylightDayOfWeek", "7")]
    [InlineData("dynamicDaylightTimeDisabled", "\"false\"")]
    [InlineData("dynamicDaylightTimeDisabled", "0")]
    [InlineData("ntpServer", "5")]
    [InlineData("ntpServer", "\" \"")]
    [InlineData("timeZoneName", "\"x\"")]
    public async Task Apply_BadMember_IsRejectedWithItsName(string member, string value)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, $$"""{ "{{member}}": {{value}} }""", Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal((member, ErrorCodes.InvalidDesiredJsonValue), (Assert.Single(result.Errors).Path, result.Errors[0].Code));
    }

    [Fact]
    public async Task Read_ServerUnreadable_ReportsTheZoneAndSaysError()
    {
        _device.Context.Configurator.Fail<GetNtpServer>(ConfiguratorErrorCode.NotSupported, "no time client is installed");

        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal("<error>", report.GetProperty("ntpServer").GetString());
        Assert.Equal("Tonga Standard Time", report.GetProperty("timeZoneKeyName").GetString());
        Assert.Equal("NtpServerUnreadable", Assert.Single(_device.Context.Logger.Entries).Event);
    }
}
