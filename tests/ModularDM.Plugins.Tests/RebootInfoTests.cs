using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.Reboot;

namespace ModularDM.Plugins.Tests;

public sealed class RebootInfoTests : IDisposable
{
    private readonly FakeDevice _device = new();
    private readonly RebootInfoSection _section;

    public RebootInfoTests() => _section = new RebootInfoSection(_device.Context);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("2027-03-01T04:00:00Z", "2027-03-01T04:00:00Z")]
    [InlineData("2027-03-01T04:00:00+00:00", "2027-03-01T04:00:00Z")]
    [InlineData("2027-03-01T04:00:01-09:30", "2027-03-01T13:30:01Z")]
    [InlineData("2027-03-01T04:00:00", "2027-03-01T04:00:00Z")]
    [InlineData("2027-03-01T04:00:00.750Z", "2027-03-01T04:00:00Z")]
    [InlineData("", "")]
    public async Task Apply_Schedule_IsReportedInUtc(string given, string reported)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, $$"""{ "singleRebootTime": "{{given}}", "dailyRebootTime": "2026-02-01T03:00:00Z" }""", Token);
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(reported, report.GetProperty("singleRebootTime").GetString());
        Assert.Equal("2026-02-01T03:00:00Z", report.GetProperty("dailyRebootTime").GetString());
    }

    [Fact]
    public async Task Read_LastBoot_CarriesItsZone()
    {
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal("2026-01-04T22:15:07Z", report.GetProperty("lastBootTime").GetString());
    }

    [Fact]
    public async Task Apply_AbsentMember_ClearsItsSchedule()
    {
        await SectionTester.ApplyAsync(_section, """{ "singleRebootTime": "2027-03-01T04:00:00Z", "dailyRebootTime": "2026-02-01T03:00:00Z" }""", Token);

        await SectionTester.ApplyAsync(_section, """{ "dailyRebootTime": "2026-02-01T03:00:00Z" }""", Token);

        Assert.Null(_device.Schedule.Single);
        Assert.NotNull(_device.Schedule.Daily);
    }

    [Fact]
    public async Task Apply_EmptyTexts_ClearBoth()
    {
        await SectionTester.ApplyAsync(_section, """{ "singleRebootTime": "2027-03-01T04:00:00Z", "dailyRebootTime": "2026-02-01T03:00:00Z" }""", Token);

        await SectionTester.ApplyAsync(_section, """{ "singleRebootTime": "", "dailyRebootTime": "" }""", Token);
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal("", report.GetProperty("singleRebootTime").GetString());
        Assert.Equal("", report.GetProperty("dailyRebootTime").GetString());
    }

    [Fact]
    public async Task Apply_BadTimes_AreBothNamedAndNothingIsSent()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "singleRebootTime": "tonight", "dailyRebootTime": "03:00" }""", Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal(["singleRebootTime", "dailyRebootTime"], result.Errors.Select(error => error.Path));
        Assert.Empty(_device.Context.Configurator.Requests);
    }

    [Fact]
    public async Task Read_NoCommandYet_ReportsEmptyTexts()
    {
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal(("", ""), (report.GetProperty("lastRebootCmdTime").GetString(), report.GetProperty("lastRebootCmdStatus").GetString()));
    }

    [Fact]
    public async Task Read_RootKnowsANewerCommand_ReportsIt()
    {
        _device.Schedule = _device.Schedule with { LastCommand = new DateTimeOffset(2026, 1, 5, 7, 0, 0, TimeSpan.Zero) };

        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal("2026-01-05T07:00:00Z", report.GetProperty("lastRebootCmdTime").GetString());
        Assert.Equal("accepted", report.GetProperty("lastRebootCmdStatus").GetString());
    }

    [Fact]
    public async Task Read_DamagedRecord_ReportsTheRest()
    {
        await File.WriteAllTextAsync(Path.Combine(_device.Context.DataFolder, "last-command.json"), """{ "time": "20""", Token);

        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal("", report.GetProperty("lastRebootCmdStatus").GetString());
        Assert.Equal("LastCommandUnreadable", Assert.Single(_device.Context.Logger.Entries).Event);
    }

    [Fact]
    public async Task Apply_RootRefuses_SaysWhy()
    {
        _device.Context.Configurator.Fail<SetRebootSchedule>(ConfiguratorErrorCode.Denied, "not granted to this plugin");

        ApplyResult result = await SectionTester.ApplyAsync(_section, "{}", Token);

        Assert.Equal(ErrorCodes.Denied, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, """{ "singleRebootTime": "2027-03-01T04:00:00+02:00" }""", Token);
}
