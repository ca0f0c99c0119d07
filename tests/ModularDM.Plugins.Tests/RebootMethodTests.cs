using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.Reboot;

namespace ModularDM.Plugins.Tests;

public sealed class RebootMethodTests : IDisposable
{
    private readonly FakeDevice _device = new();
    private readonly RebootMethod _method;

    public RebootMethodTests() => _method = new RebootMethod(_device.Context);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private bool HasRebooted => _device.Context.Configurator.Requests.Any(request => request is RebootNow);

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("\"now\"")]
    [InlineData("""{ "soon": true }""")]
    public async Task Invoke_AnyPayload_AnswersAtOnceAndHasDoneNothingYet(string? payload)
    {
        MethodResult result = await MethodTester.InvokeAsync(_method, payload, Token);

        Assert.Equal(202, result.Status);
        Assert.Empty(_device.Context.Configurator.Requests);
    }

    [Fact]
    public async Task Work_NothingInTheWay_ReportsScheduledBeforeItReboots()
    {
        bool reportedFirst = false;
        _device.Context.Configurator.When((RebootNow _) =>
        {
            reportedFirst = _device.Context.Twin.All.Count == 1;
            return Done.Instance;
        });

        WorkResult result = await MethodTester.RunToEndAsync(_method, "{}", Token);

        Assert.True(reportedFirst);
        SentReport report = Assert.Single(_device.Context.Twin.All);
        Assert.Equal(("rebootCmd", "scheduled"), (report.Section, report.Json.GetProperty("response").GetString()));
        Assert.Equal(ApplyOutcome.Completed, report.Result!.Outcome);
        Assert.Equal("scheduled", ResponseOf(result));
        Assert.Equal(ApplyOutcome.Completed, result.Outcome.Outcome);
    }

    [Fact]
    public async Task Work_HubIsSlow_WaitsForItsAcknowledgement()
    {
        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _device.Context.Twin.Acknowledgement = acknowledged.Task;

        Task<WorkResult> work = MethodTester.RunToEndAsync(_method, "{}", Token);
        await _device.Context.Twin.NextAsync(Token);

        Assert.False(work.IsCompleted);
        Assert.False(HasRebooted);
        acknowledged.SetResult();
        await work.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.True(HasRebooted);
    }

    [Fact]
    public async Task Work_HubIsSilent_RebootsAfterFiveSeconds()
    {
        _device.Context.Twin.Acknowledgement = new TaskCompletionSource().Task;

        Task<WorkResult> work = MethodTester.RunToEndAsync(_method, "{}", Token);
        await _device.Context.Twin.NextAsync(Token);
        _device.Context.Clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(HasRebooted);
        _device.Context.Clock.Advance(TimeSpan.FromSeconds(0.2));
        WorkResult result = await work.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.True(HasRebooted);
        Assert.Equal("scheduled", ResponseOf(result));
        Assert.Contains(_device.Context.Logger.Entries, entry => entry is { Event: "RebootReportUnacknowledged", Level: LogLevel.Warning });
    }

    [Fact]
    public async Task Work_GivenUpWhileWaiting_DoesNotReboot()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        _device.Context.Twin.Acknowledgement = new TaskCompletionSource().Task;

        Task<WorkResult> work = MethodTester.RunToEndAsync(_method, "{}", cancel.Token);
        await _device.Context.Twin.NextAsync(Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.False(HasRebooted);
    }

    [Theory]
    [InlineData(false, true, true, false, "disabled")]
    [InlineData(true, true, true, false, "inActiveHours")]
    [InlineData(true, false, true, false, "rejectedByApp")]
    [InlineData(true, false, false, false, "rejectedByApp")]
    [InlineData(true, false, true, true, "rejectedByApp")]
    public async Task Work_SomethingInTheWay_CompletesWithTheWord(bool allow, bool inActiveHours, bool inhibited, bool appAllows, string response)
    {
        _device.Policy = _device.Policy with { AllowReboots = allow, InActiveHours = inActiveHours, Inhibitors = inhibited ? ["updater: writing firmware"] : [] };
        _device.Context.Application.AllowsReboot = appAllows;

        WorkResult result = await MethodTester.RunToEndAsync(_method, "{}", Token);

        Assert.Equal(ApplyOutcome.Completed, result.Outcome.Outcome);
        Assert.Equal(response, ResponseOf(result));
        Assert.False(HasRebooted);
        Assert.Empty(_device.Context.Twin.All);
    }

    [Fact]
    public async Task Work_RootFails_FailsWithoutAResponse()
    {
        _device.Context.Configurator.Fail<RebootNow>(ConfiguratorErrorCode.Conflict, "an inhibitor appeared");

        WorkResult result = await MethodTester.RunToEndAsync(_method, "{}", Token);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome.Outcome);
        Assert.Equal("{}", System.Text.Encoding.UTF8.GetString(result.Report!.Utf8Json.Span));
        Assert.Equal("failed", await LastStatusAsync());
    }

    [Fact]
    public async Task Work_PolicyUnreadable_FailsAndDoesNotReboot()
    {
        _device.Context.Configurator.Fail<GetRebootPolicy>(ConfiguratorErrorCode.Unavailable, "nobody home");

        WorkResult result = await MethodTester.RunToEndAsync(_method, "{}", Token);

        Assert.Equal(ErrorCodes.ConfiguratorUnavailable, Assert.Single(result.Outcome.Errors).Code);
        Assert.False(HasRebooted);
    }

    [Theory]
    [InlineData(true, "accepted")]
    [InlineData(false, "disabled")]
    public async Task Work_LastCommand_IsReportedByRebootInfo(bool allow, string status)
    {
        _device.Policy = _device.Policy with { AllowReboots = allow };

        await MethodTester.RunToEndAsync(_method, "{}", Token);

        Assert.Equal(status, await LastStatusAsync());
    }

    private static string? ResponseOf(WorkResult result)
    {
        using var document = JsonDocument.Parse(result.Report!.Utf8Json);
        return document.RootElement.GetProperty("response").GetString();
    }

    private async Task<string?> LastStatusAsync()
    {
        JsonElement report = await SectionTester.ReadAsync(new RebootInfoSection(_device.Context), Token);
        Assert.Equal("2026-01-05T08:00:00Z", report.GetProperty("lastRebootCmdTime").GetString());
        return report.GetProperty("lastRebootCmdStatus").GetString();
    }
}
