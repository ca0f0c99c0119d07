using System.IO.Compression;
using ModularDM.Configurator.Platform.Simulated.Areas;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Areas;

public sealed class AppAreaTests
{
    private const string Management = "./Vendor/MSFT/EnterpriseModernAppManagement/AppManagement";
    private const string Installation = "./Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation";
    private const string Publisher = "CN=Contoso";

    private static readonly string s_family = $"Contoso.Pump_{AppPackage.PublisherId(Publisher)}";

    // A publisher whose letters everybody knows.
    [Fact]
    public void PublisherId_OfMicrosoft_IsTheOneInEveryFamilyName() => Assert.Equal(
        "8wekyb3d8bbwe", AppPackage.PublisherId("CN=Microsoft Corporation, O=Microsoft Corporation, L=Redmond, S=Washington, C=US"));

    [Fact]
    public void HostedInstall_PackageOnTheMachine_GoesOnByItselfIntoTheInventory()
    {
        using var machine = new Machine();
        string package = Package(machine, "pump.appx", "1.2.0.0");
        Assert.Equal(200, Install(machine, package));
        Assert.Equal("1", machine.Get($"{Installation}/{s_family}/Status"));
        Assert.Equal(string.Empty, machine.Get($"{Management}/nonStore"));

        machine.Clock.Advance(AppArea.Installing);
        Assert.Null(machine.Get($"{Installation}/{s_family}"));
        string full = $"Contoso.Pump_1.2.0.0_x64__{AppPackage.PublisherId(Publisher)}";
        Assert.Equal(full, machine.Get($"{Management}/nonStore/{s_family}"));
        Assert.Equal(
            ("Contoso.Pump", "1.2.0.0", Publisher, "2026-03-01T12:00:00Z"),
            (At("Name"), At("Version"), At("Publisher"), At("InstallDate")));
        string? At(string leaf) => machine.Get($"{Management}/nonStore/{s_family}/{full}/{leaf}");
    }

    [Fact]
    public void HostedInstall_InterruptedByPowerLoss_GoesOnAfterwards()
    {
        using var machine = new Machine();
        Install(machine, Package(machine, "pump.appx", "1.2.0.0"));
        machine.SwitchOffAndOn();
        Assert.Equal("1", machine.Get($"{Installation}/{s_family}/Status"));
        machine.Clock.Advance(AppArea.Installing);
        Assert.Equal(s_family, machine.Get($"{Management}/nonStore"));
    }

    [Fact]
    public void HostedInstall_DueWhileTheDeviceWasOff_IsDoneAtItsStart()
    {
        using var machine = new Machine();
        Install(machine, Package(machine, "pump.appx", "1.2.0.0"));
        machine.SwitchOff();
        machine.Clock.Advance(AppArea.Installing);
        machine.SwitchOffAndOn();
        Assert.Equal(s_family, machine.Get($"{Management}/nonStore"));
    }

    [Fact]
    public void HostedInstall_PackageOfAnotherFamily_FailsWithTheReason()
    {
        using var machine = new Machine();
        string package = Package(machine, "other.appx", "1.0.0.0", name: "Contoso.Other");
        Install(machine, package);
        machine.Clock.Advance(AppArea.Installing);
        Assert.Equal("2", machine.Get($"{Installation}/{s_family}/Status"));
        Assert.Equal(unchecked((int)0x80073CFC).ToString(System.Globalization.CultureInfo.InvariantCulture), machine.Get($"{Installation}/{s_family}/LastError"));
        Assert.Contains("Contoso.Other", machine.Get($"{Installation}/{s_family}/LastErrorDesc"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/pump.appx", "", "no network")]
    [InlineData("file:///nowhere/pump.appx", "", "cannot be opened")]
    [InlineData(null, """<Dependencies><Dependency PackageUri="file:///nowhere/lib.appx"/></Dependencies>""", "depends on")]
    public void HostedInstall_WhatIsMissing_IsNamed(string? uri, string inside, string said)
    {
        using var machine = new Machine();
        string address = uri ?? Package(machine, "pump.appx", "1.0.0.0");
        Install(machine, address, inside);
        machine.Clock.Advance(AppArea.Installing);
        Assert.Contains(said, machine.Get($"{Installation}/{s_family}/LastErrorDesc"), StringComparison.Ordinal);
    }

    [Fact]
    public void HostedInstall_OlderVersion_NeedsTheOptionForIt()
    {
        using var machine = new Machine();
        string older = Package(machine, "older.appx", "1.0.0.0");
        Install(machine, Package(machine, "newer.appx", "2.0.0.0"));
        machine.Clock.Advance(AppArea.Installing);
        Install(machine, older);
        machine.Clock.Advance(AppArea.Installing);
        Assert.Contains("higher version", machine.Get($"{Installation}/{s_family}/LastErrorDesc"), StringComparison.Ordinal);
        Install(machine, older, options: "0x40000");
        machine.Clock.Advance(AppArea.Installing);
        Assert.Contains("_1.0.0.0_", machine.Get($"{Management}/nonStore/{s_family}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<Application/>")]
    [InlineData("<Application PackageUri=\"pump.appx\"/>")]
    [InlineData("<Other PackageUri=\"file:///a\"/>")]
    public void HostedInstall_OrderThatIsNone_IsRefusedAtOnce(string order)
    {
        using var machine = new Machine();
        Assert.Equal(404, machine.Exec($"{Installation}/{s_family}/HostedInstall", order, "xml"));
        Assert.Equal(200, machine.Add($"{Installation}/{s_family}", null, "node"));
        Assert.Equal(400, machine.Exec($"{Installation}/{s_family}/HostedInstall", order, "xml"));
        Assert.Equal("0", machine.Get($"{Installation}/{s_family}/Status"));
    }

    [Fact]
    public void Remove_ByNodeOrByName_TakesTheAppAndItsStart()
    {
        using var machine = new Machine();
        string package = Package(machine, "pump.appx", "1.2.0.0");
        Install(machine, package);
        machine.Clock.Advance(AppArea.Installing);
        Assert.Equal(200, machine.Replace("./Vendor/MSFT/CustomDeviceUI/StartupAppID", s_family + "!App"));
        Assert.Equal(200, machine.Add($"./Vendor/MSFT/CustomDeviceUI/BackgroundTasksToLaunch/{s_family}!Task", ""));
        Assert.Equal(200, machine.Delete($"{Management}/nonStore/{s_family}"));
        Assert.Equal((string.Empty, string.Empty), (machine.Get("./Vendor/MSFT/CustomDeviceUI/StartupAppID"), machine.Get("./Vendor/MSFT/CustomDeviceUI/BackgroundTasksToLaunch")));

        Install(machine, package);
        machine.Clock.Advance(AppArea.Installing);
        string full = machine.Get($"{Management}/nonStore/{s_family}")!;
        Assert.Equal(200, machine.Exec($"{Management}/RemovePackage", $"""<Package Name="{full}" RemoveForAllUsers="0"/>""", "xml"));
        Assert.Equal(404, machine.Exec($"{Management}/RemovePackage", $"""<Package Name="{full}"/>""", "xml"));
        Assert.Equal(string.Empty, machine.Get($"{Management}/nonStore"));
    }

    [Fact]
    public void Startup_AppThatIsNotThere_CannotBeNamed()
    {
        using var machine = new Machine();
        Assert.Equal(404, machine.Replace("./Vendor/MSFT/CustomDeviceUI/StartupAppID", s_family + "!App"));
        Assert.Equal(400, machine.Replace("./Vendor/MSFT/CustomDeviceUI/StartupAppID", s_family));
        Assert.Equal(string.Empty, machine.Get("./Vendor/MSFT/CustomDeviceUI/StartupAppID"));
    }

    [Fact]
    public void UpdateScan_SaysHowItEnded()
    {
        using var machine = new Machine();
        Assert.Equal(200, machine.Exec($"{Management}/UpdateScan", null, "null"));
        Assert.Equal("0", machine.Get($"{Management}/LastScanError"));
    }

    // An app is added first, then installed; one whose installation failed is there still.
    private static int Install(Machine machine, string uri, string inside = "", string options = "0")
    {
        Assert.Contains(machine.Add($"{Installation}/{s_family}", null, "node"), (int[])[200, 418]);
        return machine.Exec(
            $"{Installation}/{s_family}/HostedInstall", $"""<Application PackageUri="{uri}" DeploymentOptions="{options}">{inside}</Application>""", "xml");
    }

    private static string Package(Machine machine, string file, string version, string name = "Contoso.Pump")
    {
        string path = Path.Combine(machine.Folder, file);
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        using var text = new StreamWriter(zip.CreateEntry("AppxManifest.xml").Open());
        text.Write($"""<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"><Identity Name="{name}" Publisher="{Publisher}" Version="{version}" ProcessorArchitecture="x64"/></Package>""");
        return new Uri(path).AbsoluteUri;
    }
}
