using System.Text.Json.Nodes;

namespace ModularDM.EndToEnd.Tests;

/// <summary>An OEM drops a plugin in, and breaks it again.</summary>
public sealed class PluginFolderTests(QuickStartSystem system) : IClassFixture<QuickStartSystem>
{
    private const string Id = "contoso.wellbehaved";

    [Fact]
    public async Task NewPlugin_CopiedIn_IsManagedUntilItsManifestBreaks()
    {
        string folder = CopyIn();
        await system.KillAsync("host");
        await WaitForStateAsync("discovered", "active");
        JsonNode section = await system.Service.ManageAsync("contoso", "wellBehaved", """{"level":7}""");
        Assert.Equal("completed", section.TextAt("lastChange.state"));
        Assert.Equal("7", section.TextAt("level"));

        string manifest = Path.Combine(folder, "plugin.json");
        string good = await File.ReadAllTextAsync(manifest);
        await File.WriteAllTextAsync(manifest, good.Replace("\"api\": 1", "\"api\": \"one\"", StringComparison.Ordinal));
        await system.KillAsync("host");

        JsonNode reported = await WaitForStateAsync("refused");
        string reason = reported.TextAt("modularDM.plugins.contoso.wellbehaved.reason")!;
        Assert.Contains("api", reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason);
        Assert.Contains(system.ReadLog("host").Split('\n'), line => line.Contains(Id, StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
        JsonNode fan = await system.Service.ManageAsync("contoso", "fan", """{"speedPercent":35}""");
        Assert.Equal("completed", fan.TextAt("lastChange.state"));
        reported = await system.Service.WaitReportedAsync(all => all.TextAt("modularDM.summary.sickPlugins") == "1", "one sick plugin");
        JsonObject[] others = [.. ((JsonObject)reported.At("modularDM.plugins")!).SelectMany(vendor => (JsonObject)vendor.Value!).Where(plugin => plugin.Key != "wellbehaved").Select(plugin => (JsonObject)plugin.Value!)];
        Assert.Equal(6, others.Length);
        Assert.All(others, plugin => Assert.Contains(plugin.TextAt("state"), (string?[])["discovered", "active"]));

        await File.WriteAllTextAsync(manifest, good);
        await system.KillAsync("host");
        await WaitForStateAsync("discovered", "active");
        section = await system.Service.ManageAsync("contoso", "wellBehaved", """{"level":8}""");
        Assert.Equal("8", section.TextAt("level"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Section_SwitchedOff_IsNamedAndLeftAlone()
    {
        JsonNode applied = await system.Service.ManageAsync("windows", "windowsTelemetry", """{"level":"basic"}""");
        Assert.Equal("completed", applied.TextAt("lastChange.state"));
        string good = await File.ReadAllTextAsync(system.HostConfiguration);
        JsonNode configuration = JsonNode.Parse(good)!;
        configuration["Sections"] = new JsonObject { ["Disabled"] = new JsonArray("windowsTelemetry") };
        await File.WriteAllTextAsync(system.HostConfiguration, configuration.ToJsonString());
        await system.KillAsync("host");
        await system.Service.PatchDesiredAsync("""{"windows":{"windowsTelemetry":{"level":"full"}}}""");

        JsonNode reported = await system.Service.WaitReportedAsync(all => all.At("modularDM.unknown") is JsonArray { Count: 1 }, "the section named");

        Assert.Contains("windows.windowsTelemetry (switched off on the device by Sections:Disabled)", reported.At("modularDM.unknown")!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("\"AllowTelemetry\": \"1\"", Device().Replace("./Vendor/MSFT/Policy/Config/System/", "", StringComparison.Ordinal), StringComparison.Ordinal);

        await File.WriteAllTextAsync(system.HostConfiguration, good);
        await system.KillAsync("host");
        await system.Service.WaitReportedAsync(all => all.TextAt("windows.windowsTelemetry.level") == "full", "the section managed again");
    }

    private string Device() => QuickStartSystem.ReadShared(Path.Combine(system.Data, "configurator", "state", "simulated.json"));

    private Task<JsonNode> WaitForStateAsync(params string[] states) => system.Service.WaitReportedAsync(
        all => states.Contains(all.TextAt("modularDM.plugins.contoso.wellbehaved.state")), $"{Id} {string.Join(" or ", states)}");

    private string CopyIn()
    {
        string target = Path.Combine(system.PluginsFolder, Id);
        string copying = Path.Combine(system.PluginsFolder, "." + Id);
        Directory.CreateDirectory(copying);
        foreach (string file in Directory.EnumerateFiles(QuickStartProcess.NewPluginFolder))
        {
            string copy = Path.Combine(copying, Path.GetFileName(file));
            File.Copy(file, copy);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(copying, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.Move(copying, target);
        return target;
    }
}
