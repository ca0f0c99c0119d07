using System.Text;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Authorization;

public sealed class PolicyTests
{
    [Fact]
    public void Read_EverythingWrong_IsSaidAtOnceWithItsKey()
    {
        var refused = Assert.Throws<PolicyException>(() => Read("""
            {
              "version": 2,
              "callers": [
                { "subject": "user:x", "grants": [ { "plugin": "Bad Id", "operations": ["formatDisk"] } ] },
                { "subject": "unit:a.service", "grants": [] },
                { "subject": "uid:1", "user": "x", "grants": [ { "plugin": "p.*", "operations": ["readAttribute"], "attributes": [
                  { "name": "a b", "path": "rel/../x", "pattern": "(" } ] } ] }
              ],
              "reboot": { "activeHoursStart": 24, "graceSeconds": 99999 }
            }
            """));
        string[] keys =
        [
            "version", "callers[0].subject", "callers[0].grants[0].plugin", "callers[0].grants[0].operations[0]", "callers[1].user", "callers[1].grants",
            "callers[2].user", "callers[2].grants[0].attributes[0].name", "callers[2].grants[0].attributes[0].path",
            "callers[2].grants[0].attributes[0].pattern", "reboot.activeHoursStart", "reboot.graceSeconds", "reboot",
        ];
        Assert.All(keys, key => Assert.Contains(refused.Errors, error => error.StartsWith(key + ":", StringComparison.Ordinal)));
        Assert.Equal(keys.Length, refused.Errors.Count);
    }

    [Theory]
    [InlineData("""{ "version": 1, "callers": [], "extra": 1 }""", "extra")]
    [InlineData("""{ "version": 1, "version": 1, "callers": [] }""", "version")]
    [InlineData("""{ "version": """, "$")]
    [InlineData("null", "version")]
    [InlineData("""{ "version": 1, "callers": [ null ] }""", "callers[0]")]
    public void Read_NotThisFormat_IsRefused(string json, string named) =>
        Assert.Contains(named, Assert.Throws<PolicyException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("contoso.*", "contoso.fan", true)]
    [InlineData("contoso.*", "contoso.fan.left", true)]
    [InlineData("contoso.*", "contoso", false)]
    [InlineData("contoso.*", "contoso.", false)]
    [InlineData("contoso.*", "contosoevil.fan", false)]
    [InlineData("contoso.fan", "contoso.fan", true)]
    [InlineData("contoso.fan", "contoso.fan2", false)]
    public void Grant_PluginPattern_CoversOnlyThatVendor(string granted, string plugin, bool covered)
    {
        Policy policy = Read($$"""{ "version": 1, "callers": [ { "subject": "uid:1", "grants": [ { "plugin": "{{granted}}", "operations": ["getNtpServer"] } ] } ] }""");
        Assert.Equal(covered, policy.Callers[0].Grants[0].Covers(plugin));
    }

    [Fact]
    public void Pattern_TrailingLineBreakOrPartOfTheValue_DoesNotMatch()
    {
        Policy policy = Read("""
            { "version": 1, "callers": [ { "subject": "uid:1", "grants": [ { "plugin": "p", "operations": ["writeAttribute"],
              "attributes": [ { "name": "a", "path": "/sys/a", "pattern": "on|off$" } ] } ] } ] }
            """);
        var authorizer = new Authorizer(policy, new CallerIdentity { Uid = 1 });
        Assert.NotNull(authorizer.Authorize("p", "writeAttribute", "a", "off"));
        Assert.Throws<ConfiguratorException>(() => authorizer.Authorize("p", "writeAttribute", "a", "off\n"));
        Assert.Throws<ConfiguratorException>(() => authorizer.Authorize("p", "writeAttribute", "a", "only"));
    }

    [Theory]
    [InlineData("0::/system.slice/modulardm-host.service\n", "modulardm-host.service")]
    [InlineData("0::/system.slice/modulardm-host.service/worker\n", "modulardm-host.service")]
    [InlineData("12:cpu:/\n1:name=systemd:/system.slice/modulardm-host.service\n0::/\n", "modulardm-host.service")]
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/app.slice/modulardm-host.service\n", null)]
    [InlineData("0::/user.slice/system.slice/modulardm-host.service\n", null)]
    [InlineData("0::/system.slice/other.slice/modulardm-host.service\n", null)]
    [InlineData("0::/../../system.slice/modulardm-host.service\n", null)]
    [InlineData("0::/\n", null)]
    [InlineData("", null)]
    public void Unit_OutOfTheCgroup_IsOnlyWhatSystemdMade(string cgroup, string? unit) => Assert.Equal(unit, ControlGroup.UnitIn(cgroup));

    [Fact]
    public void Unit_RunningAsAnotherAccount_DoesNotMatch()
    {
        var subject = new PolicySubject.Unit("modulardm-host.service", "990");
        Assert.True(subject.Matches(new CallerIdentity { Unit = "modulardm-host.service", Uid = 990 }));
        Assert.False(subject.Matches(new CallerIdentity { Unit = "modulardm-host.service", Uid = 991 }));
        Assert.False(subject.Matches(new CallerIdentity { Unit = "other.service", Uid = 990 }));
        Assert.False(subject.Matches(new CallerIdentity { Uid = 990 }));
        Assert.False(new PolicySubject.Unit("a.service", "no such account").Matches(new CallerIdentity { Unit = "a.service", Uid = 0 }));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void File_WritableByOthers_IsRefusedWithTheFix(UnixFileMode extra)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("policy.json", TestPolicies.Full());
        Assert.Single(PolicyFile.Load(path).Callers);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | extra);
        Assert.Contains("chmod go-w", Assert.Throws<PolicyException>(() => PolicyFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_InAFolderOthersMayWrite_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("policy.json", TestPolicies.Full());
        File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.OtherWrite);
        Assert.Contains(folder.Path, Assert.Throws<PolicyException>(() => PolicyFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_OfAnotherAccount_IsRefused()
    {
        Assert.SkipUnless(Posix.EffectiveUid == 0, "Only root can give a file away.");
        using var folder = new TemporaryFolder();
        string path = folder.Write("policy.json", TestPolicies.Full());
        Posix.ChangeOwner(path, 65534);
        Assert.Contains("chown 0", Assert.Throws<PolicyException>(() => PolicyFile.Load(path)).Message, StringComparison.Ordinal);
    }

    private static Policy Read(string json) => PolicyReader.Read(Encoding.UTF8.GetBytes(json));
}
