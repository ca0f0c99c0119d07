using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginBoundsTests : IAsyncDisposable
{
    private static readonly TimeSpan s_backstop = TimeSpan.FromSeconds(30);
    private readonly PluginSandbox _sandbox = new();

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public async Task Apply_PluginBlocksBeforeItsFirstAwait_DelaysNobody()
    {
        _sandbox.Add("BlocksBeforeAwait");
        _sandbox.Add("WellBehaved");
        _sandbox.Configure = options => (options.MaxConcurrentCalls, options.MaxWaitingCalls) = (2, 1);
        await _sandbox.StartAsync();
        using var cancellation = new CancellationTokenSource();
        ISectionOwner blocking = _sandbox.Section("contoso.blocksBeforeAwait");
        // Active first, so that the calls below come in this order.
        await blocking.ReadAsync(CancellationToken.None);

        Task<ApplyResult>[] blocked = [.. Enumerable.Range(0, 3).Select(_ => blocking.ApplyAsync(Removed(1), cancellation.Token))];
        ApplyResult refused = await blocking.ApplyAsync(Removed(1), CancellationToken.None).WaitAsync(s_backstop);
        SectionReading other = await _sandbox.Section("contoso.wellBehaved").ReadAsync(CancellationToken.None).WaitAsync(s_backstop);

        Assert.Null(other.Error);
        Assert.Equal("The plugin already has 1 calls waiting; try again later.", Assert.Single(refused.Errors).Message);
        Assert.All(blocked, task => Assert.False(task.IsCompleted));
        await cancellation.CancelAsync();
        foreach (Task<ApplyResult> task in blocked)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(s_backstop));
        }

        Assert.Equal(PluginState.Active, _sandbox.Status("BlocksBeforeAwait").State);
    }

    [Fact]
    public async Task Method_OutOfTimeButObedient_Is504AndNoQuarantine()
    {
        _sandbox.Add("BlocksBeforeAwait");
        await _sandbox.StartAsync();
        MethodResult result = await _sandbox.Catalog.Methods["contoso.waitAsync"].InvokeAsync(new MethodCall("contoso.waitAsync", default), CancellationToken.None).WaitAsync(s_backstop);
        Assert.Equal(504, result.Status);
        Assert.Equal((ErrorCodes.DeadlineExceeded, "The plugin did not answer within 1 s."), (result.Errors[0].Code, result.Errors[0].Message));
        Assert.Equal(PluginState.Active, _sandbox.Status("BlocksBeforeAwait").State);
    }

    [Fact]
    public async Task Apply_IgnoresItsToken_IsAbandonedRevokedAndQuarantined()
    {
        _sandbox.Add("IgnoresCancellation");
        _sandbox.Configure = options => options.GraceMilliseconds = 50;
        string data = Path.Combine(_sandbox.Data, "contoso.ignorescancellation");
        var release = new TaskCompletionSource();
        var seen = new TaskCompletionSource<Exception>();
        AppDomain.CurrentDomain.SetData("release " + data, release);
        AppDomain.CurrentDomain.SetData("seen " + data, seen);
        await _sandbox.StartAsync();
        ISectionOwner owner = _sandbox.Section("contoso.ignoresCancellation");

        ApplyResult result = await owner.ApplyAsync(Removed(1), CancellationToken.None).WaitAsync(s_backstop);
        release.SetResult();
        Exception late = await seen.Task.WaitAsync(s_backstop);

        Assert.Equal(ApplyOutcome.Failed, result.Outcome);
        Assert.Equal((ErrorCodes.DeadlineExceeded, "The plugin did not answer within 1 s and was quarantined."), (result.Errors[0].Code, result.Errors[0].Message));
        Assert.IsType<OperationCanceledException>(late);
        Assert.Empty(_sandbox.Channel.Requests);
        Assert.Equal(2, _sandbox.Channel.Revoked.Distinct().Count());
        PluginStatus status = _sandbox.Status("IgnoresCancellation");
        Assert.Equal((PluginState.Quarantined, "apply contoso.ignoresCancellation did not end within 1 s and ignored its token"), (status.State, status.Reason));
        ApplyResult next = await owner.ApplyAsync(Removed(1), CancellationToken.None);
        Assert.Equal($"The plugin 'contoso.ignorescancellation' is quarantined: {status.Reason}", Assert.Single(next.Errors).Message);
    }

    [Fact]
    public async Task Apply_Throws_IsABlandErrorOutsideAndTheWholeStoryInTheLog()
    {
        _sandbox.Add("ThrowsInApply");
        await _sandbox.StartAsync();
        using Activity activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        SectionError error = Assert.Single((await ApplyAsync(1)).Errors);

        Assert.Equal($"The plugin failed; see the device log with trace id {activity.TraceId}.", error.Message);
        Assert.Equal((new InvalidOperationException().HResult, ErrorSubSystem.Unknown), (error.Code, error.SubSystem));
        (LogLevel _, string text, Exception? exception) = Assert.Single(_sandbox.Log.Entries, e => e.Level == LogLevel.Error);
        Assert.Equal($"Plugin contoso.throwsinapply failed in apply contoso.throwsInApply (trace {activity.TraceId})", text);
        Assert.Equal("password=hunter2", exception!.Message);
    }

    [Fact]
    public async Task Apply_ThrowsThreeTimes_StillWorksTheFourth()
    {
        _sandbox.Add("ThrowsInApply");
        await _sandbox.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(ApplyOutcome.Failed, (await ApplyAsync(1)).Outcome);
        }

        Assert.Equal(ApplyOutcome.Completed, (await ApplyAsync(3)).Outcome);
        Assert.Equal(PluginState.Active, _sandbox.Status("ThrowsInApply").State);
    }

    [Theory]
    [InlineData(ConfiguratorErrorCode.Denied, null, ErrorCodes.Denied)]
    [InlineData(ConfiguratorErrorCode.Unavailable, null, ErrorCodes.ConfiguratorUnavailable)]
    [InlineData(ConfiguratorErrorCode.Failed, null, ErrorCodes.Generic)]
    [InlineData(ConfiguratorErrorCode.InvalidArgument, ErrorCodes.TelemetryInvalidLevel, ErrorCodes.TelemetryInvalidLevel)]
    public async Task Apply_ConfiguratorRefuses_TellsItsWordsAndNumber(ConfiguratorErrorCode code, int? number, int expected)
    {
        _sandbox.Add("ThrowsInApply");
        _sandbox.Channel.Answer = (_, _) => throw new ConfiguratorException(new ConfiguratorError(code, "no, because", ErrCode: number));
        await _sandbox.StartAsync();
        SectionError error = Assert.Single((await ApplyAsync(2)).Errors);
        Assert.Equal(("no, because", expected, ErrorSubSystem.DeviceManagement), (error.Message, error.Code, error.SubSystem));
    }

    [Fact]
    public async Task Read_Throws_IsAnErrorInsteadOfAReport()
    {
        _sandbox.Add("ThrowsInRead");
        await _sandbox.StartAsync();
        SectionReading reading = await _sandbox.Section("contoso.throwsInRead").ReadAsync(CancellationToken.None);
        Assert.Null(reading.Report);
        Assert.Equal(("The plugin failed; see the device log.", ErrorSubSystem.Unknown), (reading.Error!.Message, reading.Error.SubSystem));
    }

    [Fact]
    public async Task Work_OfAMethod_RunsUnderALeaseOfItsOwn()
    {
        _sandbox.Add("WellBehaved");
        await _sandbox.StartAsync();
        IMethodOwner method = _sandbox.Catalog.Methods["contoso.zoneAsync"];
        WorkResult good = await method.RunWorkAsync(_ => Task.FromResult(new WorkResult(ApplyResult.Completed)), CancellationToken.None);
        WorkResult bad = await method.RunWorkAsync(_ => throw new InvalidOperationException(), CancellationToken.None);
        Assert.Equal((ApplyOutcome.Completed, ApplyOutcome.Failed), (good.Outcome.Outcome, bad.Outcome.Outcome));
    }

    [Fact]
    public async Task Call_CancelledByItsCaller_Throws()
    {
        _sandbox.Add("WellBehaved");
        await _sandbox.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _sandbox.Section("contoso.wellBehaved").ReadAsync(new CancellationToken(true)));
    }

    private Task<ApplyResult> ApplyAsync(long version) => _sandbox.Section("contoso.throwsInApply").ApplyAsync(Removed(version), CancellationToken.None);

    private static SectionDesired Removed(long version) => new(new SectionName("contoso", "any"), default, version, [], true);
}
