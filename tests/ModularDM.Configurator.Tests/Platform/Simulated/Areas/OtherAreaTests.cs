using System.Globalization;
using System.Text;
using ModularDM.Configurator.Platform.Simulated.Areas;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Areas;

public sealed class OtherAreaTests
{
    private const string Profile = "./Vendor/MSFT/WiFi/Profile/Contoso%20guests";
    private const string Reboot = "./Device/Vendor/MSFT/Reboot";
    private const string Update = "./Vendor/MSFT/Update";
    private const string Health = "./Vendor/MSFT/HealthAttestation";

    [Fact]
    public void WiFi_Profile_IsKeptWithoutItsKey()
    {
        using var machine = new Machine();
        Assert.Equal(200, machine.Add(Profile + "/WlanXml", Wlan("Contoso guests", "correct horse")));
        machine.SwitchOffAndOn();
        Assert.Equal("Contoso%20guests", machine.Get("./Vendor/MSFT/WiFi/Profile"));
        string kept = machine.Get(Profile + "/WlanXml")!;
        Assert.Contains("<protected>true</protected><keyMaterial></keyMaterial>", kept, StringComparison.Ordinal);
        Assert.All(Directory.EnumerateFiles(machine.Folder), file => Assert.DoesNotContain("correct horse", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.DoesNotContain("horse", machine.Send("""<Get><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/WiFi/Profile?list=StructData</LocURI></Target></Item></Get>"""), StringComparison.Ordinal);
        Assert.Equal(200, machine.Delete(Profile));
        Assert.Equal(string.Empty, machine.Get("./Vendor/MSFT/WiFi/Profile"));
    }

    [Theory]
    [InlineData("Contoso staff")]
    [InlineData("")]
    public void WiFi_ProfileOfAnotherName_IsRefused(string name)
    {
        using var machine = new Machine();
        Assert.Equal(400, machine.Add(Profile + "/WlanXml", Wlan(name, "x")));
        Assert.Equal(400, machine.Add(Profile + "/WlanXml", "<Other/>"));
        Assert.Equal(string.Empty, machine.Get("./Vendor/MSFT/WiFi/Profile"));
    }

    [Fact]
    public void Update_Approved_IsInstalledAtOnceOrAfterAReboot()
    {
        using var machine = new Machine();
        Assert.Equal($"{UpdateArea.NeedsReboot}/{UpdateArea.NeedsNone}", machine.Get(Update + "/InstallableUpdates"));
        Assert.Equal(200, machine.Add($"{Update}/ApprovedUpdates/{UpdateArea.NeedsReboot.ToUpperInvariant()}", null, "node"));
        Assert.Equal(200, machine.Add($"{Update}/ApprovedUpdates/{UpdateArea.NeedsNone}", null, "node"));
        Assert.Equal(418, machine.Add($"{Update}/ApprovedUpdates/{UpdateArea.NeedsNone}", null, "node"));
        Assert.Equal($"{UpdateArea.NeedsReboot}/{UpdateArea.NeedsNone}", machine.Get(Update + "/ApprovedUpdates"));

        // Off while it installs, and on again.
        machine.SwitchOffAndOn();
        machine.Clock.Advance(UpdateArea.Installing);
        Assert.Equal((string.Empty, UpdateArea.NeedsReboot, UpdateArea.NeedsNone), Updates());

        Assert.Equal(200, machine.Exec(Reboot + "/RebootNow", null, "null"));
        machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((string.Empty, string.Empty, $"{UpdateArea.NeedsNone}/{UpdateArea.NeedsReboot}"), Updates());
        (string?, string?, string?) Updates() =>
            (machine.Get(Update + "/InstallableUpdates"), machine.Get(Update + "/PendingRebootUpdates"), machine.Get(Update + "/InstalledUpdates"));
    }

    [Fact]
    public void Update_NotFoundByAnyScan_StaysApproved()
    {
        using var machine = new Machine();
        Assert.Equal(400, machine.Add($"{Update}/ApprovedUpdates/not-a-guid", null, "node"));
        const string Unknown = "00000000-0000-0000-0000-000000000001";
        Assert.Equal(200, machine.Add($"{Update}/ApprovedUpdates/{Unknown}", null, "node"));
        machine.Clock.Advance(UpdateArea.Installing);
        Assert.Equal((Unknown, string.Empty), (machine.Get(Update + "/ApprovedUpdates"), machine.Get(Update + "/InstalledUpdates")));
    }

    [Fact]
    public void Health_Verify_BringsACertificateWithTheNonce()
    {
        using var machine = new Machine();
        Assert.Null(machine.Get(Health + "/Certificate"));
        Assert.Equal(200, machine.Exec(Health + "/VerifyHealth", null, "null"));
        Assert.Equal("1", machine.Get(Health + "/Status"));
        machine.SwitchOffAndOn();
        machine.Clock.Advance(HealthArea.Fetching);
        Assert.Equal("3", machine.Get(Health + "/Status"));
        Assert.Equal(400, machine.Replace(Health + "/Nonce", "0011"));
        Assert.Equal(200, machine.Replace(Health + "/Nonce", "0011223344556677"));
        string certificate = Encoding.UTF8.GetString(Convert.FromBase64String(machine.Get(Health + "/Certificate")!));
        Assert.Contains("nonce=0011223344556677\n", certificate, StringComparison.Ordinal);
        Assert.Contains($"correlation={machine.Get(Health + "/CorrelationID")}\n", certificate, StringComparison.Ordinal);
    }

    [Fact]
    public void Health_ServiceThatCannotBeReached_IsAStatus()
    {
        using var machine = new Machine();
        machine.Replace(Health + "/HASEndpoint", "not a host");
        machine.Exec(Health + "/VerifyHealth", null, "null");
        machine.Clock.Advance(HealthArea.Fetching);
        Assert.Equal("2", machine.Get(Health + "/Status"));
        Assert.Null(machine.Get(Health + "/Certificate"));
    }

    [Fact]
    public void Trace_StartedAndStopped_LeavesALogInBlocks()
    {
        using var machine = new Machine();
        const string Collector = "./Vendor/MSFT/DiagnosticLog/EtwLog/Collectors/Contoso";
        const string Channel = "./Vendor/MSFT/DiagnosticLog/FileDownload/DMChannel/Contoso";
        const string Provider = "d198ee7d-c5f1-4f5f-95be-a2ee6fa45897";
        Assert.Equal(200, machine.Add(Collector, null, "node"));
        Assert.Equal(200, machine.Add($"{Collector}/Providers/{Provider}", null, "node"));
        Assert.Equal(400, machine.Add($"{Collector}/Providers/pump", null, "node"));
        Assert.Equal(400, machine.Exec(Collector + "/TraceControl", "PAUSE"));
        Assert.Equal(200, machine.Exec(Collector + "/TraceControl", "START"));
        Assert.Equal("1", machine.Get(Collector + "/TraceStatus"));
        machine.SwitchOffAndOn();
        machine.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(200, machine.Exec(Collector + "/TraceControl", "STOP"));
        Assert.Equal("0", machine.Get(Collector + "/TraceStatus"));

        int blocks = int.Parse(machine.Get(Channel + "/BlockCount")!, CultureInfo.InvariantCulture);
        Assert.InRange(blocks, 3, 10);
        var log = new StringBuilder();
        for (int block = 0; block < blocks; block++)
        {
            Assert.Equal(200, machine.Replace(Channel + "/BlockIndexToRead", block.ToString(CultureInfo.InvariantCulture), "int"));
            byte[] data = Convert.FromBase64String(machine.Get(Channel + "/BlockData")!);
            Assert.InRange(data.Length, 1, 4096);
            log.Append(Encoding.UTF8.GetString(data));
        }

        Assert.Equal(400, machine.Replace(Channel + "/BlockIndexToRead", blocks.ToString(CultureInfo.InvariantCulture), "int"));
        Assert.Equal(301, log.ToString().Split('\n').Count(line => line.StartsWith(Provider, StringComparison.Ordinal)));
        Assert.Equal(200, machine.Replace(Channel + "/BlockSizeKB", "16", "int"));
        Assert.True(int.Parse(machine.Get(Channel + "/BlockCount")!, CultureInfo.InvariantCulture) < blocks);
        Assert.Equal(200, machine.Delete(Collector));
        Assert.Null(machine.Get(Channel + "/BlockCount"));
    }

    [Theory]
    [InlineData("doWipe", false)]
    [InlineData("doWipeProtected", false)]
    [InlineData("doWipePersistProvisionedData", true)]
    public void Wipe_Device_ForgetsAllButWhatIsToBeKept(string command, bool keepsNetwork)
    {
        using var machine = new Machine();
        machine.Add(Profile + "/WlanXml", Wlan("Contoso guests", "x"));
        machine.Replace("./DevDetail/Ext/Microsoft/DeviceName", "contoso-7");
        machine.Platform.Device.Update(state => state with { NtpServer = "time.example.com" });
        Assert.Equal(200, machine.Exec($"./Vendor/MSFT/RemoteWipe/{command}"));
        machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("wiped\n", File.ReadAllText(Path.Combine(machine.Folder, WipeArea.PhaseFile)));
        Assert.Equal("contoso-edge", machine.Get("./DevDetail/Ext/Microsoft/DeviceName"));
        Assert.Equal("time.windows.com", machine.Platform.Device.Current.NtpServer);
        Assert.Equal(keepsNetwork ? "Contoso%20guests" : string.Empty, machine.Get("./Vendor/MSFT/WiFi/Profile"));
        // A new device has looked for updates again.
        Assert.NotEqual(string.Empty, machine.Get(Update + "/InstallableUpdates"));
        machine.SwitchOffAndOn();
        Assert.Equal("contoso-edge", machine.Get("./DevDetail/Ext/Microsoft/DeviceName"));
    }

    [Fact]
    public void Wipe_InterruptedByPowerLoss_IsEndedAfterwards()
    {
        using var machine = new Machine();
        machine.Replace("./DevDetail/Ext/Microsoft/DeviceName", "contoso-7");
        // The order as it lies in the state when the power goes right after it.
        machine.Platform.Transport.Tree.Change(tree => tree.Memorize("wipe.asked", "./Vendor/MSFT/RemoteWipe/doWipe"));
        machine.SwitchOffAndOn();
        machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("contoso-edge", machine.Get("./DevDetail/Ext/Microsoft/DeviceName"));
    }

    [Fact]
    public void Reboot_NowAndBySchedule_MovesTheBootTime()
    {
        using var machine = new Machine();
        machine.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, machine.Exec(Reboot + "/RebootNow", null, "null"));
        machine.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 12, 1, 0, TimeSpan.Zero), machine.Platform.Device.Current.LastBoot!.Value, TimeSpan.FromSeconds(1));

        Assert.Equal(200, machine.Replace(Reboot + "/Schedule/Single", "2026-03-01T13:00:00Z"));
        machine.SwitchOffAndOn();
        machine.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 13, 0, 0, TimeSpan.Zero), machine.Platform.Device.Current.LastBoot!.Value, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Reboot_WeeklySchedule_TakesTheDailyOnesPlaceAndComesEveryWeek()
    {
        using var machine = new Machine();
        machine.Replace(Reboot + "/Schedule/DailyRecurrent", "2026-03-01T13:00:00Z");
        Assert.Equal(200, machine.Replace(Reboot + "/Schedule/WeeklyRecurrent", "2026-02-24T13:00:00Z"));
        Assert.Null(machine.Get(Reboot + "/Schedule/DailyRecurrent"));
        machine.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, machine.Platform.Device.Current.LastBoot!.Value.Day);
        machine.Clock.Advance(TimeSpan.FromDays(1));
        machine.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(3, machine.Platform.Device.Current.LastBoot!.Value.Day);
    }

    [Fact]
    public void Policy_SetAndTakenBack_ShowsWhatIsInForce()
    {
        using var machine = new Machine();
        const string Config = "./Device/Vendor/MSFT/Policy/Config/Update/ActiveHoursStart";
        const string Result = "./Device/Vendor/MSFT/Policy/Result/Update/ActiveHoursStart";
        Assert.Equal("8", machine.Get(Result));
        Assert.Equal(200, machine.Replace(Config, "6", "int"));
        Assert.Equal("6", machine.Get(Result));
        Assert.Equal(400, machine.Replace(Config, "24", "int"));
        Assert.Equal("6", machine.Get(Result));
        Assert.Equal(200, machine.Delete(Config));
        Assert.Equal("8", machine.Get(Result));
    }

    [Fact]
    public void TimeZone_SetByPolicy_IsTheDevicesZone()
    {
        using var machine = new Machine();
        const string Node = "./Device/Vendor/MSFT/Policy/Config/TimeLanguageSettings/ConfigureTimeZone";
        Assert.Equal("2026-03-01T12:00:00.0000000+00:00", machine.Get("./DevDetail/Ext/Microsoft/LocalTime"));
        Assert.Equal(200, machine.Replace(Node, "W. Europe Standard Time"));
        Assert.Equal("2026-03-01T13:00:00.0000000+01:00", machine.Get("./DevDetail/Ext/Microsoft/LocalTime"));
        Assert.Equal(400, machine.Replace(Node, "Contoso Standard Time"));
        machine.SwitchOffAndOn();
        Assert.Equal("W. Europe Standard Time", machine.Platform.Device.Current.Zone?.KeyName);
    }

    [Fact]
    public void Atomic_WhoseLastCommandFails_HasNoEffectOutsideTheTree()
    {
        using var machine = new Machine();
        Assert.Equal(507, machine.Status("""
            <Atomic><CmdID>1</CmdID>
              <Replace><CmdID>2</CmdID><Item><Target><LocURI>./Vendor/MSFT/Policy/Config/TimeLanguageSettings/ConfigureTimeZone</LocURI></Target><Data>W. Europe Standard Time</Data></Item></Replace>
              <Exec><CmdID>3</CmdID><Item><Target><LocURI>./Vendor/MSFT/RemoteWipe/doWipe</LocURI></Target></Item></Exec>
              <Delete><CmdID>4</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Delete>
            </Atomic>
            """));
        machine.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(machine.Platform.Device.Current.Zone);
        Assert.False(File.Exists(Path.Combine(machine.Folder, WipeArea.PhaseFile)));
    }

    private static string Wlan(string name, string key) => $"""
        <?xml version="1.0"?><WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>{name}</name><SSIDConfig><SSID><name>{name}</name></SSID></SSIDConfig><MSM><security><sharedKey><keyType>passPhrase</keyType><protected>false</protected><keyMaterial>{key}</keyMaterial></sharedKey></security></MSM></WLANProfile>
        """;
}
