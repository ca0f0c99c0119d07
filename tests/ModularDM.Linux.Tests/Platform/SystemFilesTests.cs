using ModularDM.Configurator.Platform.Linux;
using ModularDM.Configurator.Platform.Linux.DBus;
using ModularDM.Configurator.Platform.Linux.DeviceInfo;
using ModularDM.Configurator.Platform.Linux.Time;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Platform;

public sealed class SystemFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdm-files-").FullName;

    [Fact]
    public void TimeSync_DropIns_AreMergedAsSystemdDoes()
    {
        Write("usr/lib/systemd/timesyncd.conf", "[Time]\nNTP=hidden.example.com\n");
        Write("etc/systemd/timesyncd.conf", "[Other]\nNTP=no.example.com\n[Time]\n#NTP=no.example.com\nNTP=a.example.com b.example.com\nFallbackNTP=no.example.com\n");
        Write("run/systemd/timesyncd.conf.d/10-x.conf", "[Time]\nNTP=c.example.com a.example.com\n");
        Write("usr/lib/systemd/timesyncd.conf.d/20-y.conf", "[Time]\nNTP=masked.example.com\n");
        Write("etc/systemd/timesyncd.conf.d/20-y.conf", "");
        Assert.Equal("a.example.com b.example.com c.example.com", TimeSyncConfiguration.ReadServers(_folder));
        Write("etc/systemd/timesyncd.conf.d/50-modulardm.conf", TimeSyncConfiguration.Render("d.example.com 192.0.2.1"));
        Assert.Equal("d.example.com 192.0.2.1", TimeSyncConfiguration.ReadServers(_folder));
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a%n")]
    [InlineData("")]
    [InlineData("a  b")]
    [InlineData("-a")]
    [InlineData("a\"b")]
    public void NtpServer_ThatMeansSomethingElseInAUnitFile_IsRefused(string server) =>
        Assert.Equal(ConfiguratorErrorCode.InvalidArgument, Assert.Throws<ConfiguratorException>(() => LinuxNtp.Split(server)).Code);

    [Fact]
    public void Battery_Discharging_HasChargeAndMinutes()
    {
        Write("supply/AC/type", "Mains\n");
        Write("supply/BAT0/type", "Battery\n");
        Write("supply/BAT0/status", "Discharging\n");
        Write("supply/BAT0/capacity", "73\n");
        Write("supply/BAT0/energy_now", "30000000\n");
        Write("supply/BAT0/power_now", "10000000\n");
        Assert.Equal(new Battery("1", "73", "180"), Battery.Read(Path.Combine(_folder, "supply")));
        Write("supply/BAT0/status", "Charging\n");
        Assert.Equal(new Battery("3", "-1", "-1"), Battery.Read(Path.Combine(_folder, "supply")));
        Assert.Equal(new Battery("0", "-1", "-1"), Battery.Read(Path.Combine(_folder, "none")));
    }

    [Fact]
    public void SecureBoot_Variable_IsTranslated()
    {
        string path = Path.Combine(_folder, "SecureBoot");
        Assert.Equal("0", LinuxDeviceInfo.SecureBoot(path));
        File.WriteAllBytes(path, [6, 0, 0, 0, 1]);
        Assert.Equal("1", LinuxDeviceInfo.SecureBoot(path));
        File.WriteAllBytes(path, [6, 0, 0, 0, 0]);
        Assert.Equal("2", LinuxDeviceInfo.SecureBoot(path));
    }

    [Theory]
    [InlineData("en_US.UTF-8", "en-US")]
    [InlineData("de_AT@euro", "de-AT")]
    [InlineData("C.UTF-8", "und")]
    [InlineData(null, "und")]
    public void Locale_AsLanguageTag(string? locale, string tag) => Assert.Equal(tag, LinuxDeviceInfo.ToLanguageTag(locale));

    [Theory]
    [InlineData("""{"Hostname":"device","HardwareVendor":null,"Count":3}""", "device")]
    [InlineData("[]", null)]
    public void HostFacts_KeepTextsOnly(string json, string? name)
    {
        var facts = new HostFacts();
        facts.Add(json);
        Assert.Equal(name, facts["Hostname"]);
        Assert.Null(facts["HardwareVendor"]);
        Assert.Null(facts["Count"]);
    }

    [Fact]
    public void ConfigurationFile_Written_ReplacesTheOldOneAndLeavesNothingBeside()
    {
        var file = new ConfigurationFile(Path.Combine(_folder, "conf.d", "50-modulardm.conf"));
        Assert.Null(file.Read());
        file.Write("one");
        file.Write("two");
        Assert.Equal("two", file.Read());
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(_folder, "conf.d")));
        file.Delete();
        Assert.Null(file.Read());
    }

    [Theory]
    [InlineData("org.freedesktop.DBus.Error.InvalidArgs", ConfiguratorErrorCode.InvalidArgument)]
    [InlineData("org.freedesktop.DBus.Error.AccessDenied", ConfiguratorErrorCode.Denied)]
    [InlineData("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ConfiguratorErrorCode.Denied)]
    [InlineData("org.freedesktop.DBus.Error.ServiceUnknown", ConfiguratorErrorCode.NotSupported)]
    [InlineData("org.freedesktop.timedate1.NoNTPSupport", ConfiguratorErrorCode.NotSupported)]
    [InlineData("org.freedesktop.systemd1.NoSuchUnit", ConfiguratorErrorCode.NotFound)]
    [InlineData("org.freedesktop.timedate1.AutomaticTimeSyncEnabled", ConfiguratorErrorCode.Conflict)]
    [InlineData("org.freedesktop.systemd1.TransactionIsDestructive", ConfiguratorErrorCode.Busy)]
    [InlineData("org.freedesktop.DBus.Error.NoReply", ConfiguratorErrorCode.Timeout)]
    [InlineData("com.example.Anything", ConfiguratorErrorCode.Failed)]
    public void DBusError_ByName_IsNeutralAndKeepsItsNameAsDetail(string name, ConfiguratorErrorCode code)
    {
        ConfiguratorException error = DBusErrors.Reply("call", name, "words");
        Assert.Equal((code, name), (error.Code, error.Error.Detail));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string path, string text)
    {
        string full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
