using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed class DescriptionTests
{
    [Fact]
    public void Description_EveryFile_IsReadOrNamesWhatIsWrong()
    {
        var wrong = new Dictionary<string, string>();
        IReadOnlyList<(string Name, byte[] Content)> files = SharedCsp.Descriptions();
        foreach ((string name, byte[] content) in files)
        {
            if (DdfReader.Read(new MemoryStream(content), new CspSchema()) is [var problem, ..])
            {
                wrong[name] = problem;
            }
        }

        Assert.Equal(SharedCsp.IsThere ? 308 : 2, files.Count);
        Assert.Equal(SharedCsp.IsThere ? ["ActiveSync.xml", "EMAIL2.xml"] : ["Wrong.xml"], wrong.Keys.Order());
        Assert.All(wrong.Values, problem => Assert.Matches("^\\./.* has the occurrence (ZeroOrN|OneOrN) without a number\\.$", problem));
    }

    [Fact]
    public void Description_EveryNodeOfTheList_HasItsRules()
    {
        CspSchema schema = CspFullSchema.Load();
        IReadOnlyList<string[]> rows = SharedCsp.Nodes();
        List<string> differ = [];
        foreach (string[] row in rows)
        {
            // Some names have a space behind them, which is part of the file's layout.
            CspNodeDefinition? node = schema.Find(string.Join('/', row[0].Split('/').Select(name => name.Trim())));
            string found = node is null
                ? "not there"
                : $"{Access(node.Traits.Access)}\t{CspFormats.NameOf(node.Traits.Format)}\t{node.Traits.IsPermanent}";
            string expected = $"{row[1]}\t{row[2]}\t{row[4] == "Permanent" && !row[0].EndsWith("{*}", StringComparison.Ordinal)}";
            if (found != expected)
            {
                differ.Add($"{row[0]}: {found}");
            }
        }

        Assert.Empty(differ);
        Assert.Equal(SharedCsp.IsThere ? 5766 : 5, rows.Count);
    }

    [Theory]
    [InlineData("<a/>", "no MgmtTree")]
    [InlineData("<MgmtTree><Node>", "")]
    [InlineData("<!DOCTYPE MgmtTree [<!ENTITY a 'b'>]><MgmtTree><Node><NodeName>&a;</NodeName></Node></MgmtTree>", "")]
    [InlineData("", "")]
    public void Description_ThatIsNone_IsRefused(string text, string says) =>
        Assert.Contains(says, Assert.Throws<NodeTableException>(() => DdfReader.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), new CspSchema())).Message, StringComparison.Ordinal);

    [Fact]
    public void Description_Sample_HasRangeListAndLimit()
    {
        var schema = new CspSchema();
        Assert.Empty(DdfReader.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(CspSample.Description)), schema));
        var verbs = new CspTester(schema);
        Assert.Equal(200, verbs.Status("Add", "./Vendor/OEM/Contoso/Level", "int", "-1"));
        Assert.Equal(400, verbs.Status("Replace", "./Vendor/OEM/Contoso/Level", "int", "-2"));
        Assert.Equal(200, verbs.Status("Replace", "./Vendor/OEM/Contoso/Level", "int", "7"));
        Assert.Equal(400, verbs.Status("Replace", "./Vendor/OEM/Contoso/Level", "int", "8"));
        Assert.Equal(200, verbs.Status("Add", "./Vendor/OEM/Contoso/a", "node"));
        Assert.Equal(400, verbs.Status("Add", "./Vendor/OEM/Contoso/A1", "node"));
        Assert.Equal(200, verbs.Status("Add", "./Vendor/OEM/Contoso/b", "node"));
        Assert.Equal(405, verbs.Status("Add", "./Vendor/OEM/Contoso/c", "node"));
        Assert.Equal("red", verbs.Do("Get", "./Vendor/OEM/Contoso/a/Colours").Data);
        Assert.Equal(200, verbs.Status("Replace", "./Vendor/OEM/Contoso/a/Colours", "chr", "blue; red"));
        Assert.Equal(400, verbs.Status("Replace", "./Vendor/OEM/Contoso/a/Colours", "chr", "blue;green"));
    }

    private static string Access(NodeAccess access) => string.Join(
        ',', new[] { NodeAccess.Add, NodeAccess.Delete, NodeAccess.Exec, NodeAccess.Get, NodeAccess.Replace }.Where(one => access.HasFlag(one)));
}
