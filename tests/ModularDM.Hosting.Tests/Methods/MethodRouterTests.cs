using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Tests.Methods;

public sealed class MethodRouterTests : IDisposable
{
    private readonly ReportedState _reported = new(TimeProvider.System);
    private readonly LongWork _longWork;

    public MethodRouterTests() => _longWork = new LongWork(_reported, TimeProvider.System, NullLogger<LongWork>.Instance);

    public void Dispose() => _longWork.Dispose();

    [Fact]
    public async Task Method_ThatNobodyAnswers_Is404AndNamesThoseThatAre()
    {
        (int status, JsonNode answer) = await CallAsync("contoso.nothing", "{}", new Method("contoso.ping", (_, _) => Task.FromResult(MethodResult.Done)));

        Assert.Equal(404, status);
        Assert.Contains("contoso.ping", (string)answer["lastChange"]!["errContext"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    public async Task Payload_ThatIsMissing_ArrivesAsNull(string payload)
    {
        System.Text.Json.JsonValueKind? seen = null;
        (int status, _) = await CallAsync("contoso.ping", payload, new Method("contoso.ping", (call, _) =>
        {
            seen = call.Payload.ValueKind;
            return Task.FromResult(MethodResult.Done);
        }));

        Assert.Equal(200, status);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, seen);
    }

    [Fact]
    public async Task Payload_ThatIsNoJson_Is400AndThePluginIsNotCalled()
    {
        bool called = false;
        (int status, JsonNode answer) = await CallAsync("contoso.ping", "{oops", new Method("contoso.ping", (_, _) =>
        {
            called = true;
            return Task.FromResult(MethodResult.Done);
        }));

        Assert.Equal(400, status);
        Assert.Equal(ErrorCodes.InvalidParams, (int)answer["lastChange"]!["errCode"]!);
        Assert.False(called);
    }

    [Fact]
    public async Task Result_WithErrors_TellsAllOfThemInTheOriginalsEnvelope()
    {
        (int status, JsonNode answer) = await CallAsync("contoso.ping", "{}", new Method("contoso.ping", (_, _) => Task.FromResult(
            MethodResult.BadPayload(new SectionError("seconds", "too many", 5), new SectionError("speed", "too fast", 6)))));

        Assert.Equal(400, status);
        Assert.Equal("failed", (string)answer["lastChange"]!["state"]!);
        Assert.Equal("seconds: too many; speed: too fast", (string)answer["lastChange"]!["errContext"]!);
        Assert.Equal(["seconds", "speed"], answer["errors"]!.AsArray().Select(error => (string)error!["path"]!));
    }

    [Fact]
    public async Task Owner_ThatThrows_Is500AndSaysNothingOfTheInside()
    {
        (int status, JsonNode answer) = await CallAsync("contoso.ping", "{}", new Method("contoso.ping", (_, _) => throw new InvalidOperationException("the password is 123")));

        Assert.Equal(500, status);
        Assert.DoesNotContain("password", answer.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_OverTheHubsLimit_Is500WithTheSizes()
    {
        byte[] large = Encoding.UTF8.GetBytes($"\"{new string('x', MethodAnswer.MaxBytes)}\"");
        (int status, JsonNode answer) = await CallAsync("contoso.ping", "{}", new Method("contoso.ping", (_, _) => Task.FromResult(MethodResult.Answer(200, large))));

        Assert.Equal(500, status);
        Assert.Contains("131072", (string)answer["lastChange"]!["errContext"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongWork_AnswersAtOnceAndReportsPendingThenItsOutcome()
    {
        SectionName section = new("contoso", "cleaning");
        var gate = new TaskCompletionSource();
        var method = new Method("contoso.clean", (_, _) => Task.FromResult(MethodResult.Accepted(async _ =>
        {
            await gate.Task;
            return new WorkResult(ApplyResult.Completed, SectionReport.FromJson("""{"rooms":3}"""u8.ToArray()));
        })))
        { Reports = section };
        (int status, JsonNode answer) = await CallAsync("contoso.clean", "{}", method);

        Assert.Equal(202, status);
        Assert.Equal("pending", (string)answer["lastChange"]!["state"]!);
        Assert.Equal(SectionState.Pending, _reported.StatusOf(section)!.State);
        Assert.True(_longWork.IsRunning(section));
        (int again, _) = await CallAsync("contoso.clean", "{}", method);
        Assert.Equal(409, again);

        gate.SetResult();
        await _longWork.StopAsync(TestTimeouts.Default);

        Assert.Equal(SectionState.Completed, _reported.StatusOf(section)!.State);
        Assert.Contains("\"rooms\":3", Encoding.UTF8.GetString(_reported.Take()!.Json.Span), StringComparison.Ordinal);
        Assert.False(_longWork.IsRunning(section));
    }

    [Fact]
    public async Task LongWork_ThatFails_LeavesAFailedStatus()
    {
        SectionName section = new("contoso", "cleaning");
        await CallAsync("contoso.clean", "{}", new Method("contoso.clean", (_, _) => Task.FromResult(MethodResult.Accepted(
            _ => Task.FromResult(new WorkResult(ApplyResult.Failed(new SectionError("", "no water", 3))))))) { Reports = section });
        await _longWork.StopAsync(TestTimeouts.Default);

        Assert.Equal((SectionState.Failed, "no water"), (_reported.StatusOf(section)!.State, _reported.StatusOf(section)!.ErrContext));
    }

    private async Task<(int Status, JsonNode Answer)> CallAsync(string name, string payload, params Method[] methods)
    {
        var router = new MethodRouter(new MethodTable(new Catalog(methods), []), _longWork, TimeProvider.System, NullLogger<MethodRouter>.Instance);
        HubMethodResponse response = await router.InvokeAsync(new HubMethodRequest(name, Encoding.UTF8.GetBytes(payload)), CancellationToken.None);
        return (response.Status, JsonNode.Parse(response.Payload.Span)!);
    }

    private sealed class Method(string name, Func<MethodCall, CancellationToken, Task<MethodResult>> invoke) : IMethodOwner
    {
        public string Name => name;

        public string PluginId => "contoso.test";

        public SectionName? Reports { get; init; }

        public Task<MethodResult> InvokeAsync(MethodCall call, CancellationToken cancellationToken) => invoke(call, cancellationToken);

        public Task<WorkResult> RunWorkAsync(Func<CancellationToken, Task<WorkResult>> work, CancellationToken cancellationToken) => work(cancellationToken);
    }

    private sealed class Catalog(IEnumerable<Method> methods) : IPluginCatalog
    {
        public event Action? Changed
        {
            add { }
            remove { }
        }

        public IReadOnlyDictionary<SectionName, ISectionOwner> Sections => new Dictionary<SectionName, ISectionOwner>();

        public IReadOnlyDictionary<string, IMethodOwner> Methods { get; } = methods.ToDictionary(method => method.Name, method => (IMethodOwner)method);

        public IReadOnlyList<PluginStatus> Plugins => [];

        public bool IsDisabled(SectionName name) => false;
    }
}
