using System.Text.Json;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.Tests.Server;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Operations;

public sealed class CspOperationTests
{
    private const string Plugin = "contoso.csp";
    private const string Level = "./Vendor/MSFT/Policy/Config/System/AllowTelemetry";
    private const string DeviceName = "./DevDetail/Ext/Microsoft/DeviceName";

    [Fact]
    public async Task Csp_EachVerbThatIsGranted_ReachesTheNode()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        CspResult got = await client.GetAsync(Get("./Device/DevInfo/Man"), Plugin);
        Assert.Equal((200, "Contoso", CspValueFormat.Chr), (got.Status, Assert.Single(got.Nodes).Value, got.Nodes[0].Format));

        CspResult set = await client.GetAsync(new CspCommand { Verb = CspVerb.Replace, LocUri = Level, Format = CspValueFormat.Int, Data = "2" }, Plugin);
        Assert.Empty(set.Nodes);
        Assert.Equal(TelemetryLevel.Enhanced, (await client.GetAsync(new GetTelemetryLevel())).Level);

        await client.GetAsync(new CspCommand { Verb = CspVerb.Delete, LocUri = Level }, Plugin);
        Assert.Equal("syncml 404", (await client.FailAsync(ConfiguratorErrorCode.NotFound, Get(Level), Plugin)).Detail);
    }

    [Fact]
    public async Task Csp_ListOfASubtree_BringsEveryNode()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        CspResult values = await client.GetAsync(Get("./DevInfo?list=StructData"), Plugin);
        Assert.Contains(values.Nodes, node => node is { LocUri: "./DevInfo/Man", Value: "Contoso" });
        CspResult names = await client.GetAsync(Get("./DevInfo?list=Struct"), Plugin);
        Assert.Equal(values.Nodes.Select(node => node.LocUri), names.Nodes.Select(node => node.LocUri));
        Assert.All(names.Nodes, node => Assert.Null(node.Value));
    }

    [Theory]
    [InlineData(CspVerb.Replace, "./DevInfo/Man")]
    [InlineData(CspVerb.Get, "./Vendor/MSFT/Reboot/RebootNow")]
    [InlineData(CspVerb.Exec, "./Vendor/MSFT/Policy/Config/System/AllowTelemetry")]
    [InlineData(CspVerb.Get, "./DevInfoX")]
    [InlineData(CspVerb.Get, "./User/DevInfo/Man")]
    public async Task Csp_OutsideTheGrant_IsDeniedAndAudited(CspVerb verb, string locUri)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.Denied, new CspCommand { Verb = verb, LocUri = locUri, Format = CspValueFormat.Chr, Data = "x" }, Plugin);
        Assert.Contains(verb.ToString().ToLowerInvariant(), error.Message, StringComparison.Ordinal);
        Assert.Equal("denied", Assert.Single(server.Audit.Records).Event);
    }

    [Fact]
    public async Task Csp_WayUp_IsRefusedBeforeTheEngine()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(
            ConfiguratorErrorCode.InvalidArgument, new CspCommand { Verb = CspVerb.Get, LocUri = "./DevInfo/%2e%2e/Vendor/MSFT/Reboot" }, Plugin);
        Assert.Empty(server.Audit.Records);
    }

    [Theory]
    [InlineData(CspVerb.Replace, null, "1", "needs a format")]
    [InlineData(CspVerb.Replace, CspValueFormat.Int, null, "needs data")]
    [InlineData(CspVerb.Replace, CspValueFormat.Int, "1.5", "whole number")]
    [InlineData(CspVerb.Replace, CspValueFormat.Int, "2147483648", "whole number")]
    [InlineData(CspVerb.Replace, CspValueFormat.Bool, "True", "true or false")]
    [InlineData(CspVerb.Replace, CspValueFormat.B64, "a b!", "base64")]
    [InlineData(CspVerb.Replace, CspValueFormat.Node, "x", "has no data")]
    [InlineData(CspVerb.Replace, CspValueFormat.Float, "one", "number")]
    [InlineData(CspVerb.Replace, CspValueFormat.Chr, "a\u0001b", "XML")]
    [InlineData(CspVerb.Delete, CspValueFormat.Chr, null, "neither")]
    [InlineData(CspVerb.Delete, null, "x", "neither")]
    public async Task Csp_ArgumentsThatDoNotFitTheVerb_AreRefusedInWords(CspVerb verb, CspValueFormat? format, string? data, string said)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.InvalidArgument, new CspCommand { Verb = verb, LocUri = Level, Format = format, Data = data }, Plugin);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Null((await client.GetAsync(new GetTelemetryLevel())).Level);
    }

    [Fact]
    public async Task Csp_ListWithAnotherVerb_IsRefused()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.InvalidArgument, new CspCommand { Verb = CspVerb.Delete, LocUri = Level + "?list=Struct" }, Plugin);
        Assert.Contains("?list=", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csp_ValueOfASecretNode_IsLeftOutOfTheAudit()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new CspCommand { Verb = CspVerb.Replace, LocUri = DeviceName, Format = CspValueFormat.Chr, Data = "hidden-name" }, Plugin);
        await client.GetAsync(new CspCommand { Verb = CspVerb.Replace, LocUri = Level, Format = CspValueFormat.Int, Data = "3" }, Plugin);
        Assert.All(server.Audit.Records, record => Assert.DoesNotContain("hidden-name", record.Arguments ?? string.Empty, StringComparison.Ordinal));
        JsonElement open = JsonDocument.Parse(server.Audit.Records[2].Arguments!).RootElement;
        Assert.Equal(("csp", "replace", Level, "3"), (Text(open, "op"), Text(open, "verb"), Text(open, "locUri"), Text(open, "data")));
        Assert.Equal("hidden-name", Assert.Single((await client.GetAsync(Get(DeviceName), Plugin)).Nodes).Value);
    }

    [Fact]
    public async Task Csp_ReadsToo_AreAudited()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(Get("./DevInfo/Man"), Plugin);
        Assert.Equal(["start", "end"], server.Audit.Records.Select(record => record.Event));
    }

    [Fact]
    public async Task Csp_LongValue_IsAuditedByItsDigest()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.AskAsync(new CspCommand { Verb = CspVerb.Replace, LocUri = Level, Format = CspValueFormat.Chr, Data = new string('x', 5000) }, Plugin);
        string arguments = server.Audit.Records[0].Arguments!;
        Assert.Contains("5000 characters, SHA-256", JsonDocument.Parse(arguments).RootElement.GetProperty("data").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csp_FaultOfANode_IsItsStatus()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set(Level, new SimulatedFault { Status = 425 });
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.Denied, new CspCommand { Verb = CspVerb.Replace, LocUri = Level, Format = CspValueFormat.Int, Data = "1" }, Plugin);
        Assert.Equal("syncml 425", error.Detail);
    }

    [Fact]
    public async Task Csp_PlatformWithoutCsps_SaysSo()
    {
        await using var server = new TestServer(wrap: platform => new PlatformLacking(platform, csp: true));
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.NotSupported, Get("./DevInfo/Man"), Plugin);
        Assert.Contains("no CSPs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Linux_HasNoCsps()
    {
        using IPlatform linux = PlatformFactory.Create(PlatformFactory.Linux, "/nowhere", TimeProvider.System, new ServerLog(TextWriter.Null));
        Assert.Null(linux.Csp);
    }

    [Fact]
    public void Csp_Records_KeepValuesOutOfTheirText()
    {
        Assert.DoesNotContain("hidden", new CspCommand { Verb = CspVerb.Add, LocUri = "./DevInfo", Data = "hidden" }.ToString(), StringComparison.Ordinal);
        var node = new CspNode { LocUri = "./DevInfo", Format = CspValueFormat.Chr, Value = "hidden" };
        Assert.DoesNotContain("hidden", new CspResult { Status = 200, Nodes = [node] }.ToString() + node, StringComparison.Ordinal);
    }

    private static CspCommand Get(string locUri) => new() { Verb = CspVerb.Get, LocUri = locUri };

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
