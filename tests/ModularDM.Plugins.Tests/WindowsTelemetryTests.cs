using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.WindowsTelemetry;

namespace ModularDM.Plugins.Tests;

public sealed class WindowsTelemetryTests : IDisposable
{
    private readonly FakeDevice _device = new();
    private readonly WindowsTelemetrySection _section;

    public WindowsTelemetryTests() => _section = new WindowsTelemetrySection(_device.Context);

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("security", TelemetryLevel.Security)]
    [InlineData("basic", TelemetryLevel.Basic)]
    [InlineData("enhanced", TelemetryLevel.Enhanced)]
    [InlineData("full", TelemetryLevel.Full)]
    [InlineData("Basic", TelemetryLevel.Basic)]
    public async Task Apply_Level_IsSetAndReportedInLowerCase(string word, TelemetryLevel level)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, $$"""{ "level": "{{word}}" }""", TestContext.Current.CancellationToken);
        JsonElement report = await SectionTester.ReadAsync(_section, TestContext.Current.CancellationToken);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(level, _device.Level);
        Assert.Equal(word.ToLowerInvariant(), report.GetProperty("level").GetString());
    }

    [Theory]
    [InlineData("""{ "level": "silent" }""")]
    [InlineData("""{ "level": "" }""")]
    [InlineData("""{ "level": "1" }""")]
    [InlineData("{}")]
    public async Task Apply_NoKnownLevel_IsRejectedWithItsNumber(string json)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, json, TestContext.Current.CancellationToken);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        SectionError error = Assert.Single(result.Errors);
        Assert.Equal(-1610579712, error.Code);
        Assert.Equal("level", error.Path);
        Assert.Empty(_device.Context.Configurator.Changes);
    }

    [Fact]
    public async Task Apply_LevelOfWrongType_IsRejectedAsJson()
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "level": 1 }""", TestContext.Current.CancellationToken);

        Assert.Equal(ErrorCodes.InvalidDesiredJsonValue, Assert.Single(result.Errors).Code);
    }

    [Fact]
    public async Task Read_NeverSet_ReportsNoLevelAndDoesNotFail()
    {
        JsonElement report = await SectionTester.ReadAsync(_section, TestContext.Current.CancellationToken);

        Assert.Empty(report.EnumerateObject());
    }

    [Fact]
    public async Task Apply_PlatformWithoutTelemetry_FailsNamingTheMember()
    {
        _device.Context.Configurator.Fail<SetTelemetryLevel>(ConfiguratorErrorCode.NotSupported, "no such policy on Linux");

        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "level": "full" }""", TestContext.Current.CancellationToken);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome);
        Assert.Equal(("level", ErrorCodes.InvalidDesiredNotSupported), (result.Errors[0].Path, result.Errors[0].Code));
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, """{ "level": "enhanced" }""", TestContext.Current.CancellationToken);
}
