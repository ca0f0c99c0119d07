using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using System.Text;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins.Activation;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Tests.Plugins;

public sealed class PluginDiscoveryTests : IAsyncDisposable
{
    private const UnixFileMode ReadWrite = (UnixFileMode)0b110_110_110, Everything = (UnixFileMode)0b111_111_111;
    private readonly PluginSandbox _sandbox = new();

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public void Discover_WellBehaved_ReadsNamesAndLimitsFromMetadata()
    {
        _sandbox.Add("WellBehaved");

        FoundPlugin found = Assert.Single(Discover());

        Assert.Null(found.Reason);
        SectionExport section = Assert.Single(found.Sections);
        Assert.Equal(new SectionName("contoso", "wellBehaved"), section.Name);
        Assert.Equal([new SectionName("windows", "timeInfo"), new SectionName("contoso", "other")], section.After);
        Assert.Equal((TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(3), true), (section.ApplyLimit, section.ReadLimit, section.ApplyAtBoot));
        MethodExport method = Assert.Single(found.Methods);
        Assert.Equal(("contoso.zoneAsync", new SectionName("contoso", "zoneCmd")), (method.Name, method.Reports!.Value));
        Assert.Equal((TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11)), (method.Limit, method.WorkLimit));
        Assert.Equal(["Contoso.Memory", "Contoso.WellBehavedSection", "Contoso.ZoneMethod"], found.Code!.Parts.Order());
    }

    [Fact]
    public void Discover_LimitsOverPolicy_AreCapped()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.Configure = options => (options.MaxApplySeconds, options.MaxReadSeconds, options.MaxMethodSeconds, options.MaxWorkSeconds) = (5, 2, 4, 6);

        FoundPlugin found = Assert.Single(Discover());

        Assert.Equal([5, 2, 4, 6], new[] { found.Sections[0].ApplyLimit, found.Sections[0].ReadLimit, found.Methods[0].Limit, found.Methods[0].WorkLimit }.Select(t => t.TotalSeconds));
    }

    [Fact]
    public void Discover_ManyPlugins_LoadsNoCode()
    {
        foreach (string name in new[] { "WellBehaved", "PrivateDependency", "OwnContractsCopy", "ThrowsInConstructor" })
        {
            _sandbox.Add(name);
        }

        Discover();

        Assert.DoesNotContain(
            AssemblyLoadContext.All.SelectMany(c => c.Assemblies), a => !a.IsDynamic && a.Location.StartsWith(_sandbox.Root, StringComparison.Ordinal));
        Assert.All(Discover(), found => Assert.Null(found.Reason));
    }

    [Theory]
    [InlineData("""{ "id": "contoso.wellbehaved", """, "plugin.json: not JSON: line 1, byte 32")]
    [InlineData("""{"id":"contoso.WellBehaved","version":"1","api":1,"assembly":"../x.dll"}""",
        "plugin.json: id: expected vendor.name in lower-case letters, digits and '-', each beginning with a letter; "
        + "version: expected major.minor.patch, as 1.2.3 or 1.2.3-beta; assembly: expected the name of a .dll in the plugin's own folder")]
    [InlineData("""{"id":"contoso.other","version":"1.0.0","api":2,"assembly":"WellBehaved.dll","isolation":"process"}""",
        "the folder is named 'contoso.wellbehaved' but plugin.json says id 'contoso.other'; they must be equal; plugin.json says api 2; this host runs api 1; "
        + "plugin.json asks for isolation 'process', which this version does not offer; remove the line to run it in the host's process")]
    [InlineData("""{"id":"contoso.wellbehaved","version":"1.0.0","api":1,"assembly":"Gone.dll"}""", "the assembly 'Gone.dll' is not in the folder")]
    [InlineData("""{"id":"contoso.wellbehaved","version":"1.0.0","api":1,"assembly":"Text.dll"}""", "'Text.dll' is not a .NET assembly")]
    public void Discover_BadManifest_IsRefusedWithTheReason(string manifest, string reason)
    {
        string folder = _sandbox.Add("WellBehaved");
        File.WriteAllText(Path.Combine(folder, "plugin.json"), manifest);
        File.WriteAllText(Path.Combine(folder, "Text.dll"), "not an assembly");
        AssertRefused(reason, "contoso.wellbehaved");
    }

    [Fact]
    public void Discover_ManifestWithComments_IsAccepted()
    {
        string folder = _sandbox.Add("WellBehaved");
        File.WriteAllText(
            Path.Combine(folder, "plugin.json"),
            """
            { // for the lab
              "id": "contoso.wellbehaved", "version": "1.0.0-beta", "api": 1, "assembly": "WellBehaved.dll",
            }
            """);
        FoundPlugin found = Assert.Single(Discover());
        Assert.Null(found.Reason);
        Assert.Equal("1.0.0-beta", found.Manifest!.Version);
    }

    [Fact]
    public void Discover_NoManifest_IsRefused()
    {
        Directory.CreateDirectory(Path.Combine(_sandbox.Oem, "empty"));
        Directory.CreateDirectory(Path.Combine(_sandbox.Oem, ".unpacking"));
        AssertRefused("the folder has no plugin.json", "empty");
    }

    [Fact]
    public void Discover_NoExports_IsRefused()
    {
        _sandbox.Add("NoExports");
        AssertRefused("the assembly exports no section and no method: no class has [TwinSection] or [DirectMethod]", "contoso.noexports");
    }

    [Fact]
    public void Discover_MissingDependency_IsRefusedNamingIt()
    {
        _sandbox.Add("MissingDependency");
        AssertRefused("missing dependency: PrivateLibrary 0.1.0.0 (not in the folder, the .NET runtime or the host)", "contoso.missingdependency");
    }

    [Fact]
    public void Discover_BuiltForNewerContracts_IsRefusedByName()
    {
        Patch(_sandbox.Add("WellBehaved"), PatchContractsVersion);
        Version here = typeof(ITwinSection).Assembly.GetName().Version!;
        AssertRefused($"needs ModularDM.Contracts 99.{here.Minor}.{here.Build}.{here.Revision} or newer; this host has {here}", "contoso.wellbehaved");
    }

    [Theory]
    [InlineData("windows.wellBehaved", "section 'windows.wellBehaved': the vendor 'windows' is accepted from the core plugin folder only")]
    [InlineData("fabrika.wellBehaved", "section 'fabrika.wellBehaved' is not of the plugin's own vendor 'contoso'")]
    [InlineData("contoso.wellBehave!", "class Contoso.WellBehavedSection: 'contoso.wellBehave!' is not a name: expected 'section' or 'vendor.section', "
        + "each of 1 to 64 letters, digits, '-' or '_', beginning with a letter")]
    public void Discover_NameNotItsOwn_IsRefused(string name, string reason)
    {
        Patch(_sandbox.Add("WellBehaved"), dll => Replace(dll, "contoso.wellBehaved", name));
        AssertRefused(reason, "contoso.wellbehaved");
    }

    [Fact]
    public void Discover_CoreVendorInCoreFolder_IsAccepted()
    {
        Patch(_sandbox.Add("WellBehaved", _sandbox.Core), dll => Replace(dll, "contoso.wellBehaved", "windows.wellBehaved"));
        FoundPlugin found = Assert.Single(Discover());
        Assert.Null(found.Reason);
        Assert.Equal("windows.wellBehaved", found.Sections[0].Name.ToString());
    }

    [Fact]
    public void Discover_VendorInOtherCase_IsTheSameVendor()
    {
        Patch(_sandbox.Add("WellBehaved"), dll => Replace(dll, "contoso.wellBehaved", "Contoso.wellBehaved"));
        Assert.Null(Assert.Single(Discover()).Reason);
    }

    [Fact]
    public void Discover_ReservedId_IsRefusedOutsideCore()
    {
        string folder = _sandbox.Add("WellBehaved", folderName: "modulardm.fake");
        File.WriteAllText(Path.Combine(folder, "plugin.json"), """{"id":"modulardm.fake","version":"1.0.0","api":1,"assembly":"WellBehaved.dll"}""");
        AssertRefused("id 'modulardm.fake': the vendor 'modulardm' is accepted from the core plugin folder only", "modulardm.fake");
    }

    [Fact]
    public void Discover_LimitOutOfRange_IsRefused()
    {
        Patch(_sandbox.Add("WellBehaved"), dll =>
        {
            byte[] key = Encoding.UTF8.GetBytes("ApplyTimeoutSeconds");
            byte[] seven = [.. key, 7, 0, 0, 0];
            dll[dll.AsSpan().IndexOf(seven) + key.Length] = 0;
        });
        AssertRefused("class Contoso.WellBehavedSection: ApplyTimeoutSeconds is 0; expected 1 to 3600", "contoso.wellbehaved");
    }

    [Fact]
    public void Discover_SectionOfAnother_RefusesTheLaterById()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.Add("DuplicateSection");
        AssertRefused("section 'contoso.wellBehaved' already belongs to plugin 'contoso.duplicatesection'", "contoso.wellbehaved");
    }

    [Fact]
    public void Discover_SectionOfCore_RefusesTheOther()
    {
        _sandbox.Add("WellBehaved", _sandbox.Core);
        _sandbox.Add("DuplicateSection");
        AssertRefused("section 'contoso.wellBehaved' already belongs to plugin 'contoso.wellbehaved'", "contoso.duplicatesection");
    }

    [Fact]
    public void Discover_SameIdInTwoRoots_KeepsTheFirst()
    {
        string first = _sandbox.Add("ThrowsInRead", _sandbox.Core);
        _sandbox.Add("ThrowsInRead");
        FoundPlugin refused = Assert.Single(Discover(), p => p.Reason is not null);
        Assert.Equal($"a plugin of this id was already found in '{first}'", refused.Reason);
    }

    [Fact]
    public void Discover_SwitchedOff_IsRefused()
    {
        _sandbox.Add("WellBehaved");
        _sandbox.Configure = options => options.Disabled = ["contoso.wellbehaved"];
        AssertRefused("switched off by the setting Plugins:Disabled", "contoso.wellbehaved");
    }

    [Theory]
    [InlineData("WellBehaved.dll", "'WellBehaved.dll' is writable by others (mode 666)")]
    [InlineData(".", "'contoso.wellbehaved' is writable by others (mode 777)")]
    public void Discover_WritableByOthers_IsRefusedNamingTheFile(string item, string reason)
    {
        string path = Path.GetFullPath(Path.Combine(_sandbox.Add("WellBehaved"), item));
        SetMode(path, item == "." ? Everything : ReadWrite);
        AssertRefused(reason, "contoso.wellbehaved");
    }

    [Fact]
    public void Discover_RootWritableByOthers_RefusesAllInIt()
    {
        _sandbox.Add("WellBehaved");
        SetMode(_sandbox.Oem, Everything);
        AssertRefused($"'{_sandbox.Oem}' is writable by others (mode 777)", "contoso.wellbehaved", withOther: false);
    }

    [Fact]
    public void Culprit_ExceptionOfNoPlugin_IsNull()
    {
        try
        {
            _ = int.Parse("x", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Fail("unreachable");
        }
        catch (FormatException e)
        {
            Assert.Null(UnhandledExceptions.Culprit(e));
        }
    }

    private IReadOnlyList<FoundPlugin> Discover() => new PluginDiscovery(_sandbox.Options).Discover();

    private void AssertRefused(string reason, string id, bool withOther = true)
    {
        if (withOther)
        {
            _sandbox.Add("ThrowsInStop");
        }

        IReadOnlyList<FoundPlugin> found = Discover();
        Assert.Equal(reason, Assert.Single(found, p => p.Id == id).Reason);
        Assert.All(found.Where(p => p.Id != id), other => Assert.Null(other.Reason));
        Assert.Equal(withOther, found.Any(p => p.Id == "contoso.throwsinstop"));
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows folders inherit their access rules from the installer's folder.");
        }
        else
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void Patch(string folder, Action<byte[]> patch)
    {
        string path = Path.Combine(folder, "WellBehaved.dll");
        byte[] dll = File.ReadAllBytes(path);
        patch(dll);
        File.WriteAllBytes(path, dll);
    }

    private static void Replace(byte[] dll, string old, string @new)
    {
        Assert.Equal(old.Length, @new.Length);
        int at = dll.AsSpan().IndexOf(Encoding.UTF8.GetBytes(old));
        Assert.True(at > 0);
        Encoding.UTF8.GetBytes(@new).CopyTo(dll, at);
    }

    // The major version is the first column of the row.
    private static void PatchContractsVersion(byte[] dll)
    {
        using var pe = new PEReader(new MemoryStream(dll));
        MetadataReader metadata = pe.GetMetadataReader();
        AssemblyReferenceHandle handle = metadata.AssemblyReferences.First(h => metadata.GetString(metadata.GetAssemblyReference(h).Name) == "ModularDM.Contracts");
        int row = MetadataTokens.GetRowNumber(handle) - 1;
        int at = pe.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef) + row * metadata.GetTableRowSize(TableIndex.AssemblyRef);
        dll[at] = 99;
    }
}
