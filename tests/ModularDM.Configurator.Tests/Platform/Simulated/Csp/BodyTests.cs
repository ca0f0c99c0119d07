using System.Text;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed class BodyTests
{
    private const string Telemetry = "./Vendor/MSFT/Policy/Config/System/AllowTelemetry";
    private readonly CspTester _tester = new(NodeTables.LoadOwn());

    [Fact]
    public void Body_GetWithoutNumber_IsAnsweredWith400AndABlankReference()
    {
        string answer = Run("<Get><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get>");
        Assert.Contains("<CmdRef></CmdRef><Cmd>Get</Cmd><Data>400</Data>", answer.Replace("<CmdRef />", "<CmdRef></CmdRef>", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<Copy><CmdID>7</CmdID></Copy>", 400)]
    [InlineData("<Nonsense><CmdID>7</CmdID><a><b/></a></Nonsense>", 400)]
    [InlineData("<Get><CmdID>7</CmdID></Get>", 400)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>/DevInfo/Man</LocURI></Target></Item></Get>", 400)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./DevInfo//Man</LocURI></Target></Item></Get>", 400)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./DevInfo?list=Nonsense</LocURI></Target></Item></Get>", 400)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./Device/DevInfo/Man</LocURI></Target></Item></Get>", 200)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./device/vendor/MSFT/Reboot</LocURI></Target></Item></Get>", 200)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./User/Vendor/MSFT/Reboot</LocURI></Target></Item></Get>", 404)]
    [InlineData("<Get><CmdID>7</CmdID><Item><Target><LocURI>./User/Vendor/MSFT/EnterpriseModernAppManagement</LocURI></Target></Item></Get>", 200)]
    [InlineData("<Alert><CmdID>7</CmdID><Data>1224</Data></Alert>", 406)]
    [InlineData("<Add><CmdID>7</CmdID><Item><Target><LocURI>./Vendor/MSFT/WiFi/Profile/%2A</LocURI></Target><Meta><Format>node</Format></Meta></Item></Add>", 400)]
    public void Body_OneCommand_IsAnsweredAsWindowsDoes(string command, int status) => Assert.Equal(status, SyncMlResponse.Parse(Run(command)).StatusOf(7));

    [Fact]
    public void Body_AtomicInAnother_Is500AndTheOuter507_AndNothingIsDone()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run(
            $"<Atomic><CmdID>1</CmdID>{Replace(2, 1)}<Atomic><CmdID>3</CmdID>{Replace(4, 2)}</Atomic>{Replace(5, 3)}</Atomic>"));
        Assert.Equal([507, 216, 500, 0, 215], new[] { 1, 2, 3, 4, 5 }.Select(answer.StatusOf));
        Assert.Null(_tester.Tree.Find(Telemetry));
        Assert.Equal(0, _tester.Saves);
    }

    [Fact]
    public void Body_GetInAtomic_Is500()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run(
            $"<Atomic><CmdID>1</CmdID>{Replace(2, 1)}<Get><CmdID>3</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></Atomic>"));
        Assert.Equal([507, 216, 500], new[] { 1, 2, 3 }.Select(answer.StatusOf));
    }

    [Fact]
    public void Body_AddThenReplaceOfOneNodeInAtomic_IsNotSupported()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run($"<Atomic><CmdID>1</CmdID>{Replace(2, 1, "Add")}{Replace(3, 2)}</Atomic>"));
        Assert.Equal([507, 216, 500], new[] { 1, 2, 3 }.Select(answer.StatusOf));
    }

    [Fact]
    public void Body_GoodAtomic_IsDoneAndKeptOnce()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run(
            $"<Atomic><CmdID>1</CmdID>{Replace(2, 1)}<Exec><CmdID>3</CmdID><Item><Target><LocURI>./Vendor/MSFT/Reboot/RebootNow</LocURI></Target></Item></Exec></Atomic>"));
        Assert.Equal([200, 200, 200], new[] { 1, 2, 3 }.Select(answer.StatusOf));
        Assert.Equal("1", _tester.Kept.Nodes[Telemetry]);
        Assert.Equal(1, _tester.Saves);
    }

    [Fact]
    public void Body_ExecutedInAFailedAtomic_DoesNotAct()
    {
        List<string> executed = [];
        var runner = new BodyRunner(_tester.Tree) { Executed = executed.Add };
        const string Reboot = "<Exec><CmdID>3</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/RebootNow</LocURI></Target></Item></Exec>";
        runner.Run($"<SyncBody><Atomic><CmdID>1</CmdID>{Reboot}<Delete><CmdID>4</CmdID></Delete></Atomic></SyncBody>");
        Assert.Empty(executed);
        runner.Run($"<SyncBody>{Reboot}</SyncBody>");
        Assert.Equal(["./Vendor/MSFT/Reboot/RebootNow"], executed);
    }

    [Fact]
    public void Body_Sequence_IsDoneInOrder()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run($"<Sequence><CmdID>1</CmdID>{Replace(2, 1)}{Replace(3, 9)}{Replace(4, 2)}</Sequence>"));
        Assert.Equal([200, 200, 400, 200], new[] { 1, 2, 3, 4 }.Select(answer.StatusOf));
        Assert.Equal("2", _tester.Tree.Value(Telemetry));
    }

    [Fact]
    public void Body_SeveralItems_AreAnsweredOneByOne_AndAFailureCounts()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run(
            "<Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Nothing</LocURI></Target></Item><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get>"));
        Assert.Equal(404, answer.StatusOf(1));
    }

    [Fact]
    public void Body_DataAsMarkup_IsTakenAsItIsWritten()
    {
        SyncMlResponse answer = SyncMlResponse.Parse(Run("""
            <Add><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/Contoso_1</LocURI></Target><Meta><Format>node</Format></Meta></Item></Add>
            <Exec><CmdID>2</CmdID><Meta><Format xmlns="syncml:metinf">xml</Format></Meta><Item><Target><LocURI>./Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/Contoso_1/HostedInstall</LocURI></Target>
              <Data><Application PackageUri="https://contoso.example.com/a.appx"><Dependencies /></Application></Data></Item></Exec>
            """));
        Assert.Equal([200, 200], new[] { 1, 2 }.Select(answer.StatusOf));
    }

    [Fact]
    public void Body_ListOfASubtree_BringsEveryNodeWithItsValue()
    {
        var request = new SyncMlRequest();
        request.Add("./Vendor/MSFT/WiFi/Profile/a%2Fb/WlanXml", CspFormat.Chr, "<a/>");
        int data = request.Get("./Vendor/MSFT/WiFi/Profile", CspList.StructData);
        int names = request.Get("./Device/Vendor/MSFT/WiFi/Profile", CspList.Struct);
        int plain = request.Get("./Vendor/MSFT/WiFi/Profile");
        SyncMlResponse answer = SyncMlResponse.Parse(new BodyRunner(_tester.Tree).Run(request.Build()));
        Assert.Equal(
            [("./Vendor/MSFT/WiFi/Profile", "node", null), ("./Vendor/MSFT/WiFi/Profile/a%2Fb", "node", null), ("./Vendor/MSFT/WiFi/Profile/a%2Fb/WlanXml", "chr", "<a/>")],
            answer.ItemsOf(data).Select(item => (item.LocUri, item.Format, item.Data)));
        Assert.All(answer.ItemsOf(names), item => Assert.Null(item.Data));
        Assert.Equal(3, answer.ItemsOf(names).Count);
        Assert.Equal("a%2Fb", answer.ResultOf(plain));
    }

    [Theory]
    [InlineData("<SyncBody>")]
    [InlineData("")]
    [InlineData("<!DOCTYPE a []><SyncBody/>")]
    [InlineData("<SyncBody/><SyncBody/>")]
    public void Body_ThatIsNone_FailsTheCall(string body) =>
        Assert.Equal(ConfiguratorErrorCode.Failed, Assert.Throws<ConfiguratorException>(() => new BodyRunner(_tester.Tree).Run(body)).Code);

    [Fact]
    public void Body_TooDeep_FailsTheCall()
    {
        var body = new StringBuilder("<SyncBody>");
        for (int i = 0; i < 40; i++)
        {
            body.Append("<Sequence>");
        }

        for (int i = 0; i < 40; i++)
        {
            body.Append("</Sequence>");
        }

        Assert.Throws<ConfiguratorException>(() => BodyCommand.ReadBody(body.Append("</SyncBody>").ToString()));
    }

    private static string Replace(int id, int value, string verb = "Replace") =>
        $"<{verb}><CmdID>{id}</CmdID><Item><Target><LocURI>{Telemetry}</LocURI></Target><Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>{value}</Data></Item></{verb}>";

    private string Run(string commands) => new BodyRunner(_tester.Tree).Run($"<SyncBody>{commands}<Final/></SyncBody>");
}
