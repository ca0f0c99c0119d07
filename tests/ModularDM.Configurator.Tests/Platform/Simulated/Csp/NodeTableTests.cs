using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed class NodeTableTests
{
    [Theory]
    [InlineData("./A G", "has no format")]
    [InlineData("./A G node\n   B G chr", "line 2 is not indented")]
    [InlineData("./A G node\n    B G chr", "line 2 is not indented")]
    [InlineData("  ./A G node", "line 1 is not indented")]
    [InlineData("./A G int range=5..1", "'range=5..1'")]
    [InlineData("./A G int sparkling", "'sparkling'")]
    [InlineData("./A G chr match=(", "'match=('")]
    [InlineData("./A GQ chr", "'Q'")]
    public void Table_WrongLine_IsNamed(string text, string says) =>
        Assert.Contains(says, Assert.Throws<NodeTableException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Table_EachRule_IsKept()
    {
        var tester = new CspTester(Read("""
            # A lamp.
            ./Device/Vendor/OEM/Lamp G node
              Mode GR int one-of=0,1,2 start=1
              Level AGRD int range=-5..0x10
              Flags GR int flags=1,4
              Code GR chr match=[a-z]{3}
              Name GR chr length=1..3 start=a b
              Rules GR chr json
              Shape GR chr xml
              Colours GR chr one-of=red,blue split=;
              Serial G chr absent
              {*} AGRD node unique max=1
                On GR bool start=true
            """));
        Assert.Equal("1", tester.Do("Get", "./Vendor/OEM/Lamp/Mode").Data);
        Assert.Equal("a b", tester.Do("Get", "./Vendor/OEM/Lamp/Name").Data);
        Assert.Equal(404, tester.Status("Get", "./Vendor/OEM/Lamp/Serial"));
        Expect("Mode", "int", "2", "3");
        Expect("Level", "int", "16", "17");
        Expect("Flags", "int", "5", "2");
        Expect("Code", "chr", "abc", "abcd");
        Expect("Name", "chr", "abc", "abcd");
        Expect("Rules", "chr", "[1]", "[1");
        Expect("Shape", "chr", "<a/>", "a");
        Expect("Colours", "chr", "red;blue", "red;green");
        Assert.Equal(404, tester.Status("Replace", "./Vendor/OEM/Lamp/one/On", "bool", "false"));
        Assert.Equal(200, tester.Status("Add", "./Vendor/OEM/Lamp/one", "node"));
        Assert.Equal(405, tester.Status("Add", "./Vendor/OEM/Lamp/two", "node"));
        Assert.Equal("true", tester.Do("Get", "./Vendor/OEM/Lamp/one/On").Data);

        void Expect(string name, string format, string good, string bad)
        {
            Assert.Equal(200, tester.Status("Replace", $"./Vendor/OEM/Lamp/{name}", format, good));
            Assert.Equal(400, tester.Status("Replace", $"./Vendor/OEM/Lamp/{name}", format, bad));
        }
    }

    [Fact]
    public void Folder_WithTableAndDescription_AddsToTheOwnOne()
    {
        using var folder = new TemporaryFolder();
        folder.Write("10-lamp.csp", "./Vendor/OEM/Lamp GR int start=1\n./DevInfo/Man G chr start=Example\n");
        folder.Write("20-contoso.xml", CspSample.Description);
        folder.Write("readme.txt", "no table");
        var tester = new CspTester(NodeTables.Load(folder.Path));
        Assert.Equal("1", tester.Tree.Value("./Vendor/OEM/Lamp"));
        Assert.Equal("Example", tester.Tree.Value("./DevInfo/Man"));
        Assert.Equal("Contoso Edge 100", tester.Tree.Value("./DevInfo/Mod"));
        Assert.NotNull(tester.Tree.Find("./Vendor/OEM/Contoso"));
    }

    [Fact]
    public void Folder_WithAWrongTable_SaysWhichFile()
    {
        using var folder = new TemporaryFolder();
        folder.Write("contoso.xml", CspSample.WrongDescription);
        using var state = new TemporaryFolder();
        ConfiguratorException error = Assert.Throws<ConfiguratorException>(() => new SimulatedPlatform(state.Path, TimeProvider.System, folder.Path));
        Assert.Equal(ConfiguratorErrorCode.InvalidArgument, error.Code);
        Assert.Contains("contoso.xml: ./User/Vendor/OEM/{*} has the occurrence ZeroOrN without a number", error.Message, StringComparison.Ordinal);
    }

    private static CspSchema Read(string text)
    {
        var schema = new CspSchema();
        NodeTableReader.Read(new StringReader(text), "the table", schema);
        return schema;
    }
}
