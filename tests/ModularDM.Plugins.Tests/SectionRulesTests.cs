using System.Reflection;
using System.Text.Json;
using Contoso.FanControl;
using Contoso.Thermometer;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.DeviceInfo;
using ModularDM.Plugins.Reboot;
using ModularDM.Plugins.Time.TimeInfo;
using ModularDM.Plugins.WindowsTelemetry;

namespace ModularDM.Plugins.Tests;

/// <summary>What holds for every plugin of this repository: names, manifests and reports that the hub and the policy accept.</summary>
public sealed class SectionRulesTests
{
    public static TheoryData<string, string[], string[]> Plugins => new()
    {
        { "ModularDM.Plugins.DeviceInfo", ["deviceInfo"], [] },
        { "ModularDM.Plugins.Time", ["timeInfo", "timeService"], [] },
        { "ModularDM.Plugins.Reboot", ["rebootInfo"], ["rebootAsync"] },
        { "ModularDM.Plugins.WindowsTelemetry", ["windowsTelemetry"], [] },
        { "Contoso.Thermometer", ["contoso.thermometer"], ["contoso.calibrate"] },
        { "Contoso.FanControl", ["contoso.fan"], ["contoso.boost"] },
    };

    [Theory]
    [MemberData(nameof(Plugins))]
    public void Names_AreThoseOfTheContractAndFitATwin(string project, string[] sections, string[] methods)
    {
        Assembly assembly = Assembly.Load(project);
        var found = assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<TwinSectionAttribute>()).Select(a => a.Name).Order(StringComparer.Ordinal).ToArray();
        DirectMethodAttribute[] foundMethods = [.. assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<DirectMethodAttribute>())];

        Assert.Equal(sections, found);
        Assert.Equal(methods, foundMethods.Select(a => a.Name));
        foreach (string name in found.Concat(foundMethods.Select(a => a.Reports).OfType<string>()))
        {
            SectionName parsed = SectionName.Parse(name, "windows");
            Assert.Equal(parsed.Vendor, TwinKey.Encode(parsed.Vendor));
            Assert.Equal(parsed.Section, TwinKey.Encode(parsed.Section));
        }
    }

    [Theory]
    [MemberData(nameof(Plugins))]
    public void Manifest_NamesItsAssemblyAndKnownOperations(string project, string[] sections, string[] methods)
    {
        Assert.NotEmpty(sections.Concat(methods));
        PluginManifest manifest = Manifests.Of(project);

        Assert.Equal(project + ".dll", manifest.Assembly);
        Assert.Equal(PluginManifest.CurrentApi, manifest.Api);
        Assert.NotEmpty(manifest.Requests.Configurator);
        Assert.All(manifest.Requests.Configurator, operation => Assert.Contains(operation, ConfiguratorOperations.All));
    }

    [Fact]
    public async Task Reports_OfAllSectionsTogether_FitTheHub()
    {
        using var device = new FakeDevice();
        device.Context.Configurator.When((ReadDeviceAttribute _) => new AttributeValue("200"));
        using var thermometer = new ThermometerSection(device.Context);
        ITwinSection[] sections =
        [
            new DeviceInfoSection(device.Context),
            new TimeInfoSection(device.Context),
            new Time.TimeService.TimeServiceSection(device.Context),
            new RebootInfoSection(device.Context),
            new WindowsTelemetrySection(device.Context),
            thermometer,
            new FanSection(device.Context),
        ];
        var all = new Dictionary<string, JsonElement>();

        foreach (ITwinSection section in sections)
        {
            all[TwinKey.Encode(SectionTester.NameOf(section).Section)] = await SectionTester.ReadAsync(section, TestContext.Current.CancellationToken);
        }

        Assert.Empty(TwinRules.Check(JsonSerializer.SerializeToElement(all)));
        Assert.Equal(7, all.Count);
    }

    [Theory]
    [InlineData("ModularDM.Plugins.DeviceInfo")]
    [InlineData("ModularDM.Plugins.Time")]
    [InlineData("ModularDM.Plugins.Reboot")]
    [InlineData("ModularDM.Plugins.WindowsTelemetry")]
    public async Task CorePlugin_UnderItsOwnManifest_IsRefusedNothing(string project)
    {
        using var device = new FakeDevice();
        device.Context.Configurator.GrantOnly(Manifests.Of(project));
        CancellationToken token = TestContext.Current.CancellationToken;
        switch (project)
        {
            case "ModularDM.Plugins.DeviceInfo":
                await SectionTester.CheckContractAsync(new DeviceInfoSection(device.Context), "{}", token);
                break;
            case "ModularDM.Plugins.Time":
                await SectionTester.CheckContractAsync(
                    new TimeInfoSection(device.Context), """{ "ntpServer": "clock.contoso.example", "timeZoneKeyName": "UTC" }""", token);
                await SectionTester.CheckContractAsync(new Time.TimeService.TimeServiceSection(device.Context), """{ "started": "yes" }""", token);
                break;
            case "ModularDM.Plugins.Reboot":
                await SectionTester.CheckContractAsync(new RebootInfoSection(device.Context), "{}", token);
                WorkResult result = await MethodTester.RunToEndAsync(new RebootMethod(device.Context), null, token);
                Assert.Equal(ApplyOutcome.Completed, result.Outcome.Outcome);
                break;
            default:
                await SectionTester.CheckContractAsync(new WindowsTelemetrySection(device.Context), """{ "level": "basic" }""", token);
                break;
        }
    }
}
