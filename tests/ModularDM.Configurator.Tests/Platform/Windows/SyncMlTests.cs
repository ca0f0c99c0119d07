using CsCheck;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Windows;

public sealed class SyncMlTests
{
    private const string Awkward = "<>&\"'\n\r\t]/";

    // Everything XML 1.0 can carry in a character, with the ones that need care more often.
    private static readonly Gen<string> s_text = Gen.OneOf(Gen.Char['\u0020', '\ud7ff'], Gen.Int[0, Awkward.Length - 1].Select(i => Awkward[i])).Array[0, 40].Select(c => new string(c));

    [Fact]
    public void Request_AnyText_StaysOneValue() => s_text.Sample(text =>
    {
        var request = new SyncMlRequest();
        request.Replace(LocUri.Combine("./Vendor/MSFT/WiFi/Profile", text), CspFormat.Chr, text);
        request.Get("./DevInfo/Man");
        IReadOnlyList<BodyCommand> commands = BodyCommand.ReadBody(request.Build());
        SyncMlItem item = commands[0].Items[0];
        return commands.Count == 3
            && item.Data == text
            && item.LocUri.Split('/').Length == 6
            && LocUri.UnescapeSegment(item.LocUri.Split('/')[5]) == text;
    });

    [Fact]
    public void Request_CharacterThatXmlCannotCarry_IsRefused()
    {
        var request = new SyncMlRequest();
        request.Replace("./DevInfo/Man", CspFormat.Chr, "a\u0001b");
        Assert.Equal(ConfiguratorErrorCode.InvalidArgument, Assert.Throws<ConfiguratorException>(request.Build).Code);
    }

    [Fact]
    public void Response_OutOfOrderAndPrefixed_IsFoundByReference()
    {
        SyncMlResponse response = SyncMlResponse.Parse("""
            <s:SyncML xmlns:s="SYNCML:SYNCML1.2"><s:SyncHdr/><s:SyncBody>
              <s:Status><s:CmdID>1</s:CmdID><s:CmdRef>2</s:CmdRef><s:Cmd>Get</s:Cmd><s:Data>404</s:Data></s:Status>
              <s:Results><s:CmdRef>1</s:CmdRef><s:Item><s:Data>one</s:Data></s:Item></s:Results>
              <s:Status><s:CmdID>2</s:CmdID><s:CmdRef>1</s:CmdRef><s:Cmd>Get</s:Cmd><s:Data>200</s:Data></s:Status>
            </s:SyncBody></s:SyncML>
            """);
        Assert.Equal("one", response.ResultOf(1));
        Assert.Equal(404, response.StatusOf(2));
        Assert.Null(response.ResultOf(2));
        Assert.Equal(0, response.StatusOf(3));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<SyncML>")]
    [InlineData("<SyncML/>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b 'c'>]><SyncML><SyncBody>&b;</SyncBody></SyncML>")]
    public void Response_ThatIsNone_IsFailed(string text) =>
        Assert.Equal(ConfiguratorErrorCode.Failed, Assert.Throws<ConfiguratorException>(() => SyncMlResponse.Parse(text)).Code);

    [Theory]
    [InlineData(404, ConfiguratorErrorCode.NotFound)]
    [InlineData(405, ConfiguratorErrorCode.NotSupported)]
    [InlineData(406, ConfiguratorErrorCode.NotSupported)]
    [InlineData(400, ConfiguratorErrorCode.InvalidArgument)]
    [InlineData(415, ConfiguratorErrorCode.InvalidArgument)]
    [InlineData(418, ConfiguratorErrorCode.Conflict)]
    [InlineData(425, ConfiguratorErrorCode.Denied)]
    [InlineData(503, ConfiguratorErrorCode.Busy)]
    [InlineData(408, ConfiguratorErrorCode.Timeout)]
    [InlineData(500, ConfiguratorErrorCode.Failed)]
    [InlineData(0, ConfiguratorErrorCode.Failed)]
    public void Status_OfTheEngine_BecomesANeutralCode(int status, ConfiguratorErrorCode code)
    {
        ConfiguratorException error = SyncMlStatus.ToException("Get", "./X", status);
        Assert.Equal(code, error.Code);
        Assert.Equal($"syncml {status}", error.Error.Detail);
    }

    [Theory]
    [InlineData("Get", "./DevInfo/Man", null, null, 200)]
    [InlineData("Get", "./DevInfo", null, null, 200)]
    [InlineData("Get", "./Device/Vendor/MSFT/Reboot/Schedule", null, null, 200)]
    [InlineData("Replace", "./DevInfo", CspFormat.Chr, "x", 405)]
    [InlineData("Replace", "./DevInfo/Man", CspFormat.Chr, "x", 405)]
    [InlineData("Delete", "./DevInfo/Man", null, null, 405)]
    [InlineData("Get", "./DevInfo/Nothing", null, null, 404)]
    [InlineData("Get", CspTelemetryArea.Node, null, null, 404)]
    [InlineData("Delete", CspTelemetryArea.Node, null, null, 404)]
    [InlineData("Replace", CspTelemetryArea.Node, CspFormat.Chr, "1", 415)]
    [InlineData("Replace", CspTelemetryArea.Node, CspFormat.Int, "x", 415)]
    [InlineData("Replace", CspTelemetryArea.Node, CspFormat.Int, "4", 400)]
    [InlineData("Replace", CspTelemetryArea.Node, CspFormat.Int, "3", 200)]
    [InlineData("Add", CspTelemetryArea.Node, CspFormat.Int, "3", 200)]
    [InlineData("Exec", CspTelemetryArea.Node, null, null, 405)]
    [InlineData("Exec", CspRebootSchedule.RebootNowNode, null, null, 200)]
    [InlineData("Replace", CspRebootSchedule.SingleNode, CspFormat.Chr, "soon", 400)]
    [InlineData("Replace", CspRebootSchedule.SingleNode, CspFormat.Chr, "2031-01-02T03:04:05Z", 200)]
    public void Tree_EachVerb_AnswersAsWindowsDoes(string verb, string uri, object? format, string? data, int status)
    {
        using var folder = new TemporaryFolder();
        using var platform = new SimulatedPlatform(folder.Path, TimeProvider.System);
        var request = new SyncMlRequest();
        int command = verb switch
        {
            "Get" => request.Get(uri),
            "Replace" => request.Replace(uri, (CspFormat)format!, data!),
            "Add" => request.Add(uri, (CspFormat)format!, data),
            "Delete" => request.Delete(uri),
            _ => request.Exec(uri),
        };
        Assert.Equal(status, SyncMlResponse.Parse(platform.Transport.Apply(request.Build(), TestTimeouts.Default)).StatusOf(command));
    }

    [Fact]
    public void Tree_AddTwice_SaysItExists_AndDeleteTakesItAway()
    {
        using var folder = new TemporaryFolder();
        using var platform = new SimulatedPlatform(folder.Path, TimeProvider.System);
        var request = new SyncMlRequest();
        int[] commands =
        [
            request.Add(CspTelemetryArea.Node, CspFormat.Int, "1"),
            request.Add(CspTelemetryArea.Node, CspFormat.Int, "2"),
            request.Get("./Vendor/MSFT/Policy/Config/System/AllowTelemetry"),
            request.Delete(CspTelemetryArea.Node),
            request.Get(CspTelemetryArea.Node),
        ];
        SyncMlResponse response = SyncMlResponse.Parse(platform.Transport.Apply(request.Build(), TestTimeouts.Default));
        Assert.Equal([200, 418, 200, 200, 404], commands.Select(response.StatusOf));
        Assert.Equal("1", response.ResultOf(commands[2]));
    }

    [Fact]
    public void Tree_Values_SurviveARestart()
    {
        using var folder = new TemporaryFolder();
        var context = new OperationContext("test", TestTimeouts.Default, TimeProvider.System, CancellationToken.None);
        using (var platform = new SimulatedPlatform(folder.Path, TimeProvider.System))
        {
            platform.Telemetry!.Set(TelemetryLevel.Full, context);
        }

        using var again = new SimulatedPlatform(folder.Path, TimeProvider.System);
        Assert.Equal(TelemetryLevel.Full, again.Telemetry!.Read(context));
    }

    [Fact]
    public void Faults_FromTheFile_AreSeenAtOnce()
    {
        using var folder = new TemporaryFolder();
        var context = new OperationContext("test", TestTimeouts.Default, TimeProvider.System, CancellationToken.None);
        using var platform = new SimulatedPlatform(folder.Path, TimeProvider.System);
        folder.Write("faults.json", $$"""{ "{{CspTelemetryArea.Node}}": { "status": 503 } }""");
        Assert.Equal(ConfiguratorErrorCode.Busy, Assert.Throws<ConfiguratorException>(() => platform.Telemetry!.Read(context)).Code);
        File.Delete(folder.File("faults.json"));
        Assert.Null(platform.Telemetry!.Read(context));
    }
}
