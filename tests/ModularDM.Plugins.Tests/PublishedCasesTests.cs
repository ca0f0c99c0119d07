using System.Text.Json;
using ModularDM.Contracts;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;
using ModularDM.Plugins.DeviceInfo;
using ModularDM.Plugins.Reboot;
using ModularDM.Plugins.Time.TimeInfo;
using ModularDM.Plugins.Time.TimeService;
using ModularDM.Plugins.WindowsTelemetry;

namespace ModularDM.Plugins.Tests;

/// <summary>Runs the machine-readable cases of the published contract, where they lie beside the repository, through the plugins.</summary>
public sealed class PublishedCasesTests
{
    // Where a case and the design disagree, the design holds.
    private static readonly Dictionary<string, string> s_exceptions = new()
    {
        ["rebootInfo/partial-patch-keeps-other-value"] = "the runtime merges patches; a plugin sees the whole section (hosting tests)",
    };

    private static readonly string[] s_files = ["deviceInfo", "timeInfo", "timeService", "rebootInfo", "rebootCmd", "windowsTelemetry"];

    [Fact]
    public async Task Cases_OfTheseSections_EndAsPublished()
    {
        string? folder = FindCases();
        Assert.SkipWhen(folder is null, "the published cases are not beside this repository");
        var failures = new List<string>();
        int ran = 0;
        foreach (string file in s_files)
        {
            // Steps of one scenario share a device; every other case has a fresh one.
            FakeDevice? device = null;
            string? scenario = null;
            using var cases = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder!, file + ".json"), TestContext.Current.CancellationToken));
            foreach (JsonElement item in cases.RootElement.EnumerateArray())
            {
                string? itsScenario = item.TryGetProperty("scenario", out JsonElement s) ? s.GetString() : null;
                if (device is null || itsScenario is null || itsScenario != scenario)
                {
                    device?.Dispose();
                    device = new FakeDevice();
                    scenario = itsScenario;
                }

                string name = item.GetProperty("name").GetString()!;
                if (!s_exceptions.ContainsKey(name))
                {
                    failures.AddRange((await RunAsync(item, device)).Select(failure => $"{name}: {failure}"));
                    ran++;
                }
            }

            device?.Dispose();
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(ran >= 25, $"only {ran} cases were found");
    }

    private static async Task<List<string>> RunAsync(JsonElement item, FakeDevice device)
    {
        Prepare(item, device);
        JsonElement expected = item.GetProperty("expectReported").GetProperty("windows");
        string name = expected.EnumerateObject().Single().Name;
        (ApplyResult result, JsonElement report) = item.GetProperty("kind").GetString() == "method"
            ? await CallAsync(item, device)
            : await ApplyAsync(item, name, device);
        var differences = new List<string>();
        foreach (JsonProperty member in expected.GetProperty(name).EnumerateObject())
        {
            if (member.Name == "lastChange")
            {
                CompareOutcome(member.Value, result, differences);
            }
            else if (!report.TryGetProperty(member.Name, out JsonElement actual))
            {
                differences.Add($"{member.Name} is not reported");
            }
            else if (!IsIgnored(member.Value) && !JsonElement.DeepEquals(member.Value, actual))
            {
                differences.Add($"{member.Name} is {actual}, expected {member.Value}");
            }
        }

        return differences;
    }

    private static async Task<(ApplyResult Result, JsonElement Report)> ApplyAsync(JsonElement item, string name, FakeDevice device)
    {
        ITwinSection section = name switch
        {
            "deviceInfo" => new DeviceInfoSection(device.Context),
            "timeInfo" => new TimeInfoSection(device.Context),
            "timeService" => new TimeServiceSection(device.Context),
            "rebootInfo" => new RebootInfoSection(device.Context),
            "windowsTelemetry" => new WindowsTelemetrySection(device.Context),
            _ => throw new InvalidOperationException($"no plugin for '{name}'"),
        };
        string desired = item.GetProperty("desired").GetProperty("windows").GetProperty(name).GetRawText();
        ApplyResult result = await SectionTester.ApplyAsync(section, desired, TestContext.Current.CancellationToken);
        return (result, await SectionTester.ReadAsync(section, TestContext.Current.CancellationToken));
    }

    private static async Task<(ApplyResult Result, JsonElement Report)> CallAsync(JsonElement item, FakeDevice device)
    {
        WorkResult result = await MethodTester.RunToEndAsync(
            new RebootMethod(device.Context), item.GetProperty("payload").GetRawText(), TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(result.Report!.Utf8Json);
        return (result.Outcome, document.RootElement.Clone());
    }

    private static void CompareOutcome(JsonElement expected, ApplyResult result, List<string> differences)
    {
        string state = result.Outcome == ApplyOutcome.Completed ? "completed" : "failed";
        if (expected.GetProperty("state").GetString() != state)
        {
            differences.Add($"the outcome is {state}: {string.Join("; ", result.Errors)}");
        }
        else if (expected.TryGetProperty("errCode", out JsonElement code) && !IsIgnored(code) && code.GetInt32() != result.Errors[0].Code)
        {
            differences.Add($"errCode is {result.Errors[0].Code}, expected {code}");
        }
    }

    private static void Prepare(JsonElement item, FakeDevice device)
    {
        if (item.GetProperty("capability").GetString() == "deviceInfo")
        {
            device.Info = InfoOf(item.GetProperty("expectReported").GetProperty("windows").GetProperty("deviceInfo"));
        }

        if (!item.TryGetProperty("requires", out JsonElement requires))
        {
            return;
        }

        device.Policy = device.Policy with
        {
            AllowReboots = !requires.TryGetProperty("rebootsAllowed", out JsonElement allowed) || allowed.GetBoolean(),
            InActiveHours = requires.TryGetProperty("insideActiveHours", out JsonElement inside) && inside.GetBoolean(),
        };
        device.Context.Application.AllowsReboot = !requires.TryGetProperty("appAllowsReboot", out JsonElement app) || app.GetBoolean();
        if (requires.TryGetProperty("localOverride", out JsonElement local) && local.ValueKind == JsonValueKind.Object)
        {
            device.LocalWish = new TimeServiceSettings
            {
                Enabled = local.GetProperty("enabled").GetBoolean(),
                Startup = Enum.Parse<ServiceStartup>(local.GetProperty("startup").GetString()!),
                Started = local.GetProperty("started").GetBoolean(),
            };
        }
    }

    // A backend that has exactly these values; what the case ignores stays as it is.
    private static DeviceInfoValues InfoOf(JsonElement expected)
    {
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
        var members = JsonSerializer.SerializeToElement(SampleInfo.Values, options).EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString());
        foreach (JsonProperty member in expected.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String && !IsIgnored(member.Value)))
        {
            members[member.Name] = member.Value.GetString();
        }

        return JsonSerializer.SerializeToElement(members).Deserialize<DeviceInfoValues>(options)!;
    }

    private static bool IsIgnored(JsonElement value) => value.ValueKind == JsonValueKind.String && value.ValueEquals("<ignore>");

    private static string? FindCases()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string cases = Path.Combine(folder, "shared", "spec", "cases");
            if (Directory.Exists(cases))
            {
                return cases;
            }
        }

        return null;
    }
}
