using ModularDM.Configurator.CommandLine;
using ModularDM.Configurator.State;

namespace ModularDM.Configurator.Tests.CommandLine;

public sealed class CspToolTests
{
    private const string Level = "./Vendor/MSFT/Policy/Config/System/AllowTelemetry";

    [Fact]
    public async Task Get_Replace_Delete_WorkOnTheFolder()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal((0, "Contoso\n", ""), await RunAsync(folder, "get", "./DevInfo/Man"));
        Assert.Equal((0, "done\n", ""), await RunAsync(folder, "replace", Level, "2", "--format", "int"));
        Assert.Equal((0, "2\n", ""), await RunAsync(folder, "get", Level));
        Assert.Equal((0, "done\n", ""), await RunAsync(folder, "delete", Level));
        (int code, _, string said) = await RunAsync(folder, "get", Level);
        Assert.Equal(4, code);
        Assert.Contains("csp tree", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "--format", "replace", Level, "2")]
    [InlineData(1, "does not allow replace", "replace", "./DevInfo/Man", "x")]
    [InlineData(4, "no such node", "exec", "./Vendor/MSFT/Nowhere")]
    [InlineData(1, "no address", "get", "./DevInfo/../x")]
    [InlineData(1, "whole number", "replace", Level, "two", "--format", "int")]
    public async Task Command_ThatFails_SaysWhyAndWhatNext(int code, string said, params string[] words)
    {
        using var folder = new TemporaryFolder();
        (int result, string output, string error) = await RunAsync(folder, words);
        Assert.Equal((code, string.Empty), (result, output));
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no csp command 'fly'", "fly")]
    [InlineData("one address", "get")]
    [InlineData("no format 'text'", "replace", "./DevInfo/Man", "x", "--format", "text")]
    [InlineData("no option --format", "get", "./DevInfo/Man", "--format", "chr")]
    [InlineData("struct or structdata", "get", "./DevInfo", "--list", "all")]
    [InlineData("from 1 to 600", "get", "./DevInfo/Man", "--timeout", "0")]
    [InlineData("an address", "add", "./a", "b", "c")]
    public async Task Words_ThatMakeNoCommand_AreMisuse(string said, params string[] words)
    {
        using var folder = new TemporaryFolder();
        (int result, _, string error) = await RunAsync(folder, words);
        Assert.Equal(2, result);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_PrintsTheSyncMlAsideFromTheValue()
    {
        using var folder = new TemporaryFolder();
        (int code, string output, string error) = await RunAsync(folder, "get", "./DevInfo/Man", "-v");
        Assert.Equal((0, "Contoso\n"), (code, output));
        Assert.Contains("<LocURI>./DevInfo/Man</LocURI>", error, StringComparison.Ordinal);
        Assert.Contains("<Data>Contoso</Data>", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tree_ShowsNodesIndentedWithTheirValues()
    {
        using var folder = new TemporaryFolder();
        (int code, string output, _) = await RunAsync(folder, "tree", "./DevInfo");
        Assert.Equal(0, code);
        Assert.StartsWith("./DevInfo\n", output, StringComparison.Ordinal);
        Assert.Contains("\n  Man = Contoso (chr)\n", output, StringComparison.Ordinal);
        (_, string list, _) = await RunAsync(folder, "get", "./DevInfo", "--list", "structdata");
        Assert.Contains("./DevInfo/Man = Contoso\n", list, StringComparison.Ordinal);
        (_, string names, _) = await RunAsync(folder, "get", "./DevInfo");
        Assert.Contains("Man\n", names, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeTables_OfAnOem_AreReachedToo()
    {
        using var folder = new TemporaryFolder();
        using var tables = new TemporaryFolder();
        tables.Write("contoso.csp", "./Vendor/Contoso/Pump G node\n  Speed GR int range=0..9 start=3\n");
        Assert.Equal((0, "3\n", ""), await RunAsync(folder, "get", "./Vendor/Contoso/Pump/Speed", "--node-tables", tables.Path));
        Assert.Equal((0, "done\n", ""), await RunAsync(folder, "replace", "./Vendor/Contoso/Pump/Speed", "7", "--format", "int", "--node-tables", tables.Path));
        Assert.Equal((0, "7\n", ""), await RunAsync(folder, "get", "./Vendor/Contoso/Pump/Speed", "--node-tables", tables.Path));
        Assert.Equal(4, (await RunAsync(folder, "get", "./Vendor/Contoso/Pump/Speed")).Code);
    }

    [Fact]
    public async Task File_GivesTheValue()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("level", "3");
        Assert.Equal((0, "done\n", ""), await RunAsync(folder, "replace", Level, "--file", file, "--format", "int"));
        Assert.Equal((0, "3\n", ""), await RunAsync(folder, "get", Level));
    }

    [Fact]
    public async Task Folder_ThatAConfiguratorRunsOn_IsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        using (FolderLock.Take(folder.Path))
        {
            (int code, _, string error) = await RunAsync(folder, "get", "./DevInfo/Man");
            Assert.Equal(1, code);
            Assert.Contains("in use", error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await RunAsync(folder, "get", "./DevInfo/Man")).Code);
    }

    [Fact]
    public async Task WithoutAFolder_OnASystemWithoutCsps_SaysWhatToDo()
    {
        var error = new StringWriter();
        Assert.Equal(2, await Cli.RunAsync(["csp", "get", "./DevInfo/Man"], TextWriter.Null, error));
        Assert.Contains("--state", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await Cli.RunAsync(["csp", "get", "./DevInfo/Man", "--state", "/nowhere/at/all"], TextWriter.Null, error));
        var help = new StringWriter();
        Assert.Equal(0, await Cli.RunAsync(["csp", "--help"], help, error));
        Assert.Contains("csp tree", help.ToString(), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(TemporaryFolder folder, params string[] words)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        int code = await Cli.RunAsync(["csp", .. words, "--state", folder.Path], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
