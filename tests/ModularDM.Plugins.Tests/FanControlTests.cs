using System.Globalization;
using System.Text.Json;
using Contoso.FanControl;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;

namespace ModularDM.Plugins.Tests;

public sealed class FanControlTests : IDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly TestPluginContext _context = new("contoso.fancontrol");
    private readonly FanSection _section;
    private int _pwm = 102;

    public FanControlTests()
    {
        _context.Configurator.GrantOnly(Manifests.Of("Contoso.FanControl"));
        _context.Configurator.When((ReadDeviceAttribute r) => new AttributeValue((r.Name == "fan0.pwm" ? _pwm : 1840).ToString(CultureInfo.InvariantCulture)));
        _context.Configurator.When((WriteDeviceAttribute w) =>
        {
            _pwm = int.Parse(w.Value, CultureInfo.InvariantCulture);
            return Done.Instance;
        });
        _section = new FanSection(_context);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 3)]
    [InlineData(50, 128)]
    [InlineData(100, 255)]
    public async Task Apply_Speed_IsWrittenAndReadBack(int percent, int pwm)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, $$"""{ "speedPercent": {{percent}} }""", Token);
        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome);
        Assert.Equal(pwm, _pwm);
        Assert.Equal($$"""{"speedPercent":{{percent}},"pwm":{{pwm}},"rpm":1840}""", report.GetRawText());
    }

    [Fact]
    public void Percent_EverySpeed_SurvivesTheDutyCycle() => Assert.All(Enumerable.Range(0, 101), percent => Assert.Equal(percent, Fan.PercentOf(Fan.PwmOf(percent))));

    [Theory]
    [InlineData("""{ }""", "speedPercent")]
    [InlineData("""{ "speedPercent": 101 }""", "speedPercent")]
    [InlineData("""{ "speedPercent": -1 }""", "speedPercent")]
    [InlineData("""{ "speedPercent": 10, "minPercent": 20 }""", "speedPercent")]
    [InlineData("""{ "speedPercent": 90, "maxPercent": 80 }""", "speedPercent")]
    [InlineData("""{ "speedPercent": 50, "minPercent": 60, "maxPercent": 40 }""", "minPercent")]
    public async Task Apply_OutsideTheLimits_IsRejectedAndTheFanLeftAlone(string json, string member)
    {
        ApplyResult result = await SectionTester.ApplyAsync(_section, json, Token);

        Assert.Equal(ApplyOutcome.Rejected, result.Outcome);
        Assert.Equal(member, Assert.Single(result.Errors).Path);
        Assert.Empty(_context.Configurator.Requests);
    }

    [Fact]
    public Task Contract_Holds() => SectionTester.CheckContractAsync(_section, """{ "speedPercent": 40, "minPercent": 20, "maxPercent": 90 }""", Token);

    [Fact]
    public async Task Apply_WriteRefused_FailsNamingTheMember()
    {
        _context.Configurator.Fail<WriteDeviceAttribute>(ConfiguratorErrorCode.Denied, "the value does not match the policy's pattern");

        ApplyResult result = await SectionTester.ApplyAsync(_section, """{ "speedPercent": 40 }""", Token);

        Assert.Equal((ApplyOutcome.Failed, "speedPercent"), (result.Outcome, result.Errors[0].Path));
    }

    [Fact]
    public async Task Read_FanWithoutTachometer_LeavesRpmOut()
    {
        _context.Configurator.When((ReadDeviceAttribute r) => r.Name == "fan0.pwm"
            ? new AttributeValue("255")
            : throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.NotFound, "no such attribute")));

        JsonElement report = await SectionTester.ReadAsync(_section, Token);

        Assert.False(report.TryGetProperty("rpm", out _));
    }

    [Fact]
    public async Task Boost_RunsFastAndThenReturns()
    {
        MethodResult answer = await MethodTester.InvokeAsync(new BoostMethod(_context), """{ "seconds": 30 }""", Token);
        Assert.Equal((202, 102), (answer.Status, _pwm));

        Task<WorkResult> work = answer.Work!(Token);
        SentReport running = await _context.Twin.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);
        Assert.Equal(255, _pwm);
        await AdvanceUntilDoneAsync(work, TimeSpan.FromSeconds(30));
        WorkResult result = await work;

        Assert.True(running.Json.GetProperty("running").GetBoolean());
        Assert.Equal("contoso.fanBoost", running.Section);
        Assert.Equal(ApplyOutcome.Completed, result.Outcome.Outcome);
        Assert.Equal("""{"seconds":30,"running":false}""", System.Text.Encoding.UTF8.GetString(result.Report!.Utf8Json.Span));
        Assert.Equal(102, _pwm);
    }

    [Fact]
    public async Task Boost_DesiredKnown_ReturnsToWhatDesiredSays()
    {
        await SectionTester.ApplyAsync(_section, """{ "speedPercent": 20 }""", Token);
        _pwm = 200;

        MethodResult answer = await MethodTester.InvokeAsync(new BoostMethod(_context), """{ "seconds": 1 }""", Token);
        Task<WorkResult> work = answer.Work!(Token);
        await AdvanceUntilDoneAsync(work, TimeSpan.FromSeconds(1));
        await work;

        Assert.Equal(51, _pwm);
    }

    [Fact]
    public async Task Boost_NewSpeedMeanwhile_IsLeftAlone()
    {
        MethodResult answer = await MethodTester.InvokeAsync(new BoostMethod(_context), """{ "seconds": 600 }""", Token);
        Task<WorkResult> work = answer.Work!(Token);
        await _context.Twin.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);
        await SectionTester.ApplyAsync(_section, """{ "speedPercent": 60 }""", Token);
        int writes = _context.Configurator.Changes.Count;

        await AdvanceUntilDoneAsync(work, TimeSpan.FromSeconds(600));
        await work;

        Assert.Equal(153, _pwm);
        Assert.Equal(writes, _context.Configurator.Changes.Count);
    }

    [Fact]
    public async Task Boost_GivenUp_ReturnsAllTheSame()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        MethodResult answer = await MethodTester.InvokeAsync(new BoostMethod(_context), """{ "seconds": 600 }""", Token);
        Task<WorkResult> work = answer.Work!(cancel.Token);
        await _context.Twin.NextAsync(Token).AsTask().WaitAsync(s_backstop, Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.Equal(102, _pwm);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("""{ "seconds": 0 }""")]
    [InlineData("""{ "seconds": 601 }""")]
    public async Task Boost_BadPayload_IsA400(string? payload)
    {
        MethodResult result = await MethodTester.InvokeAsync(new BoostMethod(_context), payload, Token);

        Assert.Equal((400, "seconds"), (result.Status, Assert.Single(result.Errors).Path));
    }

    // The work may not yet wait when the clock is turned, so it is turned again until the work has ended.
    private async Task AdvanceUntilDoneAsync(Task work, TimeSpan step)
    {
        using var limit = new CancellationTokenSource(s_backstop);
        while (!work.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            _context.Clock.Advance(step);
            await Task.Yield();
        }
    }
}
