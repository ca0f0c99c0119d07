using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ModularDM.Architecture.Tests;

/// <summary>Which project may see which. The table is the architecture: a line that has to change here is a decision.</summary>
public sealed partial class ProjectTests
{
    private static readonly Dictionary<string, string[]> s_mayReference = new(StringComparer.Ordinal)
    {
        ["ModularDM.Contracts.Configurator"] = [],
        ["ModularDM.Contracts"] = ["ModularDM.Contracts.Configurator"],
        ["ModularDM.Contracts.Testing"] = ["ModularDM.Contracts"],
        ["ModularDM.Hub.Protocol"] = [],
        ["ModularDM.Hub.Local"] = ["ModularDM.Hub.Protocol"],
        ["ModularDM.Hosting"] = ["ModularDM.Contracts", "ModularDM.Hub.Protocol"],
        ["ModularDM.Host"] = ["ModularDM.Hosting"],
        ["ModularDM.Configurator"] = ["ModularDM.Contracts.Configurator"],
        ["QuickStart"] = ["ModularDM.Configurator", "ModularDM.Host", "ModularDM.Hub.Local"],
    };

    public static TheoryData<string> Shipped => [.. Project.All.Where(project => !project.IsTest).Select(project => project.Path)];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Project_References_AreThoseOfTheArchitecture(string path)
    {
        var project = new Project(path);
        string[]? allowed = IsPlugin(project) ? ["ModularDM.Contracts"] : s_mayReference.GetValueOrDefault(project.Name);
        Assert.True(allowed is not null, $"{path} is not in the table of this test: say there what it may see.");
        Assert.Equal(allowed, project.References);
    }

    [Fact]
    public void Project_SourceOrBinaryOfAnother_IsNotTakenInByAPath()
    {
        // A linked file or a DLL by path would be a reference that the table does not see.
        string[] sneaked =
        [
            .. Project.All.Where(project => !project.IsTest)
                .Where(project => XDocument.Parse(SourceTree.Read(project.Path)).Descendants()
                    .Any(item => item.Name.LocalName == "Reference" || (item.Name.LocalName == "Compile" && ((string?)item.Attribute("Include"))?.Contains("..", StringComparison.Ordinal) == true)))
                .Select(project => project.Path),
        ];
        Assert.Empty(sneaked);
    }

    [Fact]
    public void Solution_EveryProject_IsInIt()
    {
        string[] listed = [.. SolutionEntry().Matches(SourceTree.Read("ModularDM.sln")).Select(match => match.Groups[1].Value.Replace('\\', '/')).Order(StringComparer.Ordinal)];
        Assert.Equal(Project.All.Select(project => project.Path).Order(StringComparer.Ordinal), listed);
    }

    [Fact]
    public void PackageVersion_OutsideTheCentralList_IsNotThere()
    {
        string[] versions =
        [
            .. SourceTree.WithExtension(".csproj", ".props", ".targets").Where(file => file != "Directory.Packages.props")
                .SelectMany(file => XDocument.Parse(SourceTree.Read(file)).Descendants()
                    .Where(item => item.Name.LocalName is "PackageReference" or "PackageVersion" or "GlobalPackageReference")
                    .Where(item => item.Name.LocalName != "PackageReference" || item.Attribute("Version") is not null || item.Attribute("VersionOverride") is not null
                        || item.Elements().Any(child => child.Name.LocalName is "Version" or "VersionOverride"))
                    .Select(item => $"{file}: {(string?)item.Attribute("Include")}")),
        ];
        Assert.Empty(versions);
    }

    private static bool IsPlugin(Project project) =>
        project.Path.StartsWith("plugins/", StringComparison.Ordinal) || project.Path.StartsWith("samples/Contoso.", StringComparison.Ordinal);

    [GeneratedRegex("""^Project\("[^"]*"\) = "[^"]*", "([^"]*\.csproj)",""", RegexOptions.Multiline)]
    private static partial Regex SolutionEntry();
}
