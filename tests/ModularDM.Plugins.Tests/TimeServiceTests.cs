using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.Time.TimeService;

namespace ModularDM.Plugins.Tests;

public sealed class TimeServiceTests : IDisposable
{
    private readonly FakeDevice _device = new();
    private readonly TimeServiceSection _section;

    public TimeServiceTests() => _section = new TimeServiceSection(_device.Context);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("yes", "auto", "yes", "remote")]
    [InlineData("yes", "manual", "no", "local")]
    [InlineData("Yes", "Auto", "NO", "Local")]
    public async Task Apply_AllFour_AreReportedInLowerCase(string enabled, string startup, string started, string priority)
    {
        ApplyResult result = await SectionTester.ApplyAsync(
            _section, $$"""{ "enabled": "{{enabled}}", "startup": "{{startup}}", "started": "{{started}}", "sourcePriority": "{{priority}}" }""", Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(
            new[] { enabled, startup, started, priority }.Select(word => word.ToLowerInvariant()),
            await ReadWordsAsync());
    }

    [Fact]
    public async Task Read_Disabled_SaysNotApplicable()
    {
        await SectionTester.ApplyAsync(_section, """{ "enabled": "no", "startup": "auto", "started": "no", "sourcePriority": "remote" }""", Token);

        Assert.Equal(["no", "n/a", "n/a", "remote"], await ReadWordsAsync());
    }

    [Fact]
    public async Task Apply_ItsOwnReport_ChangesNothing()
    {
        _device.Service = _device.Service with { Enabled = false };
        string report = (await SectionTester.ReadAsync(_section, Token)).GetRawText();
        TimeServiceSettings before = _device.Service;

        ApplyResult result = await SectionTester.ApplyAsync(_section, report, Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(before, _device.Service);
    }

    [Fact]
    public async Task Apply_OneMember_LeavesTheOthers()
    {
        await SectionTester.ApplyAsync(_section, """{ "started": "yes" }""", Token);

        Assert.Equal(["yes", "manual", "yes", "remote"], await ReadWordsAsync());
    }

    [Fact]
    public async Task Apply_PriorityAlone_SendsNoSettings()
    {
        await SectionTester.ApplyAsync(_section, """{ "sourcePriority": "local" }""", Token);

        SetTimeService request = Assert.IsType<SetTimeService>(Assert.Single(_device.Context.Configurator.Changes));
        Assert.Null(request.Settings);
        Assert.Equal((PolicySource.Remote, PolicySource.Local), (request.Source, request.Priority));
    }

    [Fact]
    public async Task Apply_NothingGiven_ChangesNothing()
    {
        await SectionTester.ApplyAsync(_section, "{}", Token);

        Assert.Empty(_device.Context.Configurator.Changes);
    }

    [Fact]
    public async Task Apply_LocalWishHasPriority_ReportsTheActualState()
    {
        _device.LocalWish = new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = false };

        ApplyResult result = await SectionTester.ApplyAsync(
            _section, """{ "enabled": "yes", "startup": "auto", "started": "yes", "sourcePriority": "local" }""", Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(["yes", "auto", "no", "local"], await ReadWordsAsync());
    }

    [Fact]
    public async Task Apply_BadWords_AreAllNamed()
    {
        ApplyResult result = await SectionTester.ApplyAsync(
            _section, """{ "enabled": "perhaps", "startup": "boot", "started": "", "sourcePriority": "both" }""", Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal(["enabled", "startup", "started", "sourcePriority"], result.Errors.Select(error => error.Path));
        Assert.Empty(_device.Context.Configurator.Requests);
    }

    [Fact]
    public async Task Apply_BooleanForWord_IsRejected()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "enabled": true }""", Token);

        Assert.Equal(ErrorCodes.InvalidDesiredJsonValue, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public async Task Apply_RootFailsWithANumberOfItsOwn_PassesItOn()
    {
        _device.Context.Configurator.Fail<SetTimeService>(ConfiguratorErrorCode.Failed, "no policy", ErrorCodes.TimeServiceMissingPolicy);

        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "started": "yes" }""", Token);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome);
        Assert.Equal(unchecked((int)0xA0008200), result.Errors[0].Code);
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(
        _section, """{ "enabled": "yes", "startup": "auto", "started": "yes", "sourcePriority": "remote" }""", Token);

    private async Task<IEnumerable<string?>> ReadWordsAsync()
    {
        JsonElement report = await SectionTester.ReadAsync(_section, Token);
        Assert.Equal(["enabled", "startup", "started", "sourcePriority"], report.EnumerateObject().Select(member => member.Name));
        return report.EnumerateObject().Select(member => member.Value.GetString());
    }
}
