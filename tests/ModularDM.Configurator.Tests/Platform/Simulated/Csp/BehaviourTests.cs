using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed class BehaviourTests
{
    private const string Profile = "./Vendor/MSFT/WiFi/Profile";
    private readonly Recorder _recorder = new();
    private readonly CspTester _tester;

    public BehaviourTests() => _tester = new CspTester(NodeTables.LoadOwn(), _recorder);

    [Fact]
    public void Behaviour_EachVerb_SeesTheCommand()
    {
        _tester.Do("Add", $"{Profile}/Net%201/WlanXml", "chr", "<a/>");
        _tester.Do("Replace", $"{Profile}/Net%201/WlanXml", "chr", "<b/>");
        _tester.Do("Get", $"{Profile}/Net%201/WlanXml");
        _tester.Do("Delete", $"{Profile}/Net%201/WlanXml");
        _tester.Do("Exec", "./Vendor/MSFT/RemoteWipe/doWipe", "chr", "now");
        Assert.Equal(["Add Net 1 <a/>, before ", "Replace Net 1 <b/>, before <a/>", "Get Net 1 ", "Delete Net 1 ", "Exec  now"], _recorder.Calls);
    }

    [Fact]
    public void Behaviour_ThatRefuses_LeavesNothing()
    {
        _recorder.Answer = call =>
        {
            call.Tree.Set("./DevDetail/FwV", "2.0");
            call.Tree.Memorize("wifi", "seen");
            call.OnCommit(() => throw new InvalidOperationException("It must not act."));
            return new CspOutcome(SyncMlStatus.Failed);
        };
        Assert.Equal(500, _tester.Status("Add", $"{Profile}/Net/WlanXml", "chr", "<a/>"));
        Assert.Null(_tester.Tree.Find($"{Profile}/Net"));
        Assert.Equal("1.4.2", _tester.Tree.Value("./DevDetail/FwV"));
        Assert.Null(_tester.Tree.Memory("wifi"));
        Assert.Equal(0, _tester.Saves);
    }

    [Fact]
    public void Behaviour_MemoryAndPlacedNodes_OutliveTheTree()
    {
        _tester.Tree.Change(tree =>
        {
            tree.Memorize("wifi", "seen");
            tree.Set("./Vendor/MSFT/Update/InstallableUpdates/42/Type", "1");
        });
        var again = new CspTree(NodeTables.LoadOwn(), _tester);
        Assert.Equal("seen", again.Memory("wifi"));
        Assert.Equal("1", again.Value("./Vendor/MSFT/Update/InstallableUpdates/42/Type"));
        again.Change(tree => tree.Reset());
        Assert.Null(again.Memory("wifi"));
        Assert.Empty(again.Names("./Vendor/MSFT/Update/InstallableUpdates"));
        Assert.Empty(_tester.Kept.Nodes);
    }

    [Fact]
    public void Tree_ThatCannotKeepAChange_UndoesIt()
    {
        var tree = new CspTree(NodeTables.LoadOwn(), new FullDisk());
        Assert.Throws<IOException>(() => tree.Change(change => change.Set("./DevDetail/FwV", "2.0")));
        Assert.Equal("1.4.2", tree.Value("./DevDetail/FwV"));
    }

    [Fact]
    public void Tree_NodesOfATableThatIsGone_AreKept()
    {
        var tester = new CspTester(NodeTables.LoadOwn());
        tester.Save(new CspTreeContent(new Dictionary<string, string?> { ["./Vendor/OEM/Lamp"] = "on" }, new Dictionary<string, string>()));
        new CspTree(NodeTables.LoadOwn(), tester).Change(tree => tree.Set("./DevDetail/FwV", "2.0"));
        Assert.Equal("on", tester.Kept.Nodes["./Vendor/OEM/Lamp"]);
        Assert.Equal("2.0", tester.Kept.Nodes["./DevDetail/FwV"]);
    }

    [Fact]
    public void Behaviour_ForNoNode_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new CspTree(NodeTables.LoadOwn()).Attach(new Recorder { Addresses = ["./Vendor/MSFT/Nothing"] }));

    private sealed class FullDisk : ICspTreeStore
    {
        public CspTreeContent Load() => new(new Dictionary<string, string?>(), new Dictionary<string, string>());

        public void Save(CspTreeContent content) => throw new IOException("There is no space left.");
    }

    private sealed class Recorder : ICspNodeBehaviour
    {
        public List<string> Calls { get; } = [];

        public Func<CspCall, CspOutcome?> Answer { get; set; } = _ => null;

        public IReadOnlyList<string> Addresses { get; init; } = [$"{Profile}/{{*}}/WlanXml", "./Vendor/MSFT/RemoteWipe/doWipe"];

        public CspOutcome? OnGet(CspCall call) => Note(call, "");

        public CspOutcome? OnSet(CspCall call) => Note(call, $", before {call.Previous}");

        public CspOutcome? OnDelete(CspCall call) => Note(call, "");

        public CspOutcome? OnExec(CspCall call) => Note(call, "");

        private CspOutcome? Note(CspCall call, string more)
        {
            Calls.Add($"{call.Verb} {string.Join(',', call.Names)} {call.Data}{more}");
            return Answer(call);
        }
    }
}
