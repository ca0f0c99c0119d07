using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModularDM.Hub.Local;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Jobs;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Tests.Protocol;

namespace ModularDM.Hub.Tests.Local;

/// <summary>One run at a time, over a registry and a store without a hub around them.</summary>
public sealed class ConfigurationRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mdm-hub-test").FullName;
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));
    private HubStore store = null!;
    private DeviceRegistry registry = null!;
    private ConfigurationBook book = null!;
    private ConfigurationRun run = null!;

    public ConfigurationRunTests() => Open();

    [Fact]
    public async Task Run_TwoConfigurationsOnOneTwin_TheGreaterPriorityWinsEachPath()
    {
        Device device = await DeviceAsync("d", """{"room":"7"}""", """{"own":1,"fan":{"own":2}}""");
        await CreateAsync("low", "tags.room = '7'", 1, """{"properties.desired.fan":{"speed":1,"mode":"low"},"properties.desired.lamp":true}""");
        await CreateAsync("high", "tags.room = '7'", 2, """{"properties.desired.fan":{"speed":2}}""");
        await RunAsync();
        Assert.Equal("""{"own":1,"fan":{"own":2,"speed":2},"lamp":true}""", Desired(device));
        Assert.Equal((1, 1), Counts("low"));
        Assert.Equal("""{"low":{"status":"Applied"},"high":{"status":"Applied"}}""", Document(device).GetProperty("configurations").GetRawText());

        // The path of the higher one covers all that the low one sets: it targets the twin and decides nothing.
        await CreateAsync("highest", "*", 3, """{"properties.desired":{"fan":{"speed":3}}}""");
        await RunAsync();
        Assert.Equal("""{"own":1,"fan":{"own":2,"speed":3}}""", Desired(device));
        Assert.Equal("Targeted", Document(device).GetProperty("configurations").GetProperty("low").GetProperty("status").GetString());
        Assert.Equal((1, 0), Counts("low"));
    }

    [Fact]
    public async Task Run_EqualPriorities_TheNewerWins()
    {
        Device device = await DeviceAsync("d", "{}", "{}");
        await CreateAsync("z", "*", 1, """{"properties.desired.a":"older"}""");
        clock.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("a", "*", 1, """{"properties.desired.a":"newer"}""");
        await RunAsync();
        Assert.Equal("""{"a":"newer"}""", Desired(device));
    }

    [Fact]
    public async Task Run_TwinThatLeavesTheTarget_LosesTheSettingsAndTakesTheNext()
    {
        Device device = await DeviceAsync("d", """{"room":"7"}""", """{"own":1}""");
        await CreateAsync("all", "*", 1, """{"properties.desired.fan":{"speed":1}}""");
        await CreateAsync("room", "tags.room = '7'", 2, """{"properties.desired.fan":{"speed":2,"turbo":true},"properties.desired.deep.er":{"x":1}}""");
        await RunAsync();
        Assert.Equal("""{"own":1,"fan":{"speed":2,"turbo":true},"deep":{"er":{"x":1}}}""", Desired(device));
        await TagAsync(device, """{"room":"8"}""");
        await RunAsync();
        Assert.Equal("""{"own":1,"fan":{"speed":1}}""", Desired(device));
        Assert.Equal((0, 0), Counts("room"));
        await book.RemoveAsync("all", null);
        await RunAsync();
        Assert.Equal("""{"own":1}""", Desired(device));
        Assert.False(Document(device).TryGetProperty("configurations", out _));
    }

    [Fact]
    public async Task Run_Again_WritesNothing()
    {
        Device device = await DeviceAsync("d", "{}", "{}");
        await CreateAsync("c", "*", 1, """{"properties.desired.a":{"b":[1,2.50],"e":{}}}""");
        await RunAsync();
        Twin once = device.Twin;
        await RunAsync();
        Assert.Same(once, device.Twin);

        // What a service changed meanwhile is made as the configuration wants it.
        await ChangeAsync(device, """{"a":{"b":null,"mine":1}}""");
        await RunAsync();
        Assert.True(JsonGen.AreEqual("""{"a":{"b":[1,2.50],"e":{},"mine":1}}""", Desired(device)));
    }

    [Fact]
    public async Task Run_AfterARestart_StillKnowsWhatItSet()
    {
        await DeviceAsync("d", "{}", """{"own":1}""");
        await CreateAsync("c", "*", 1, """{"properties.desired.a":1}""", """{"queries":{"m":"SELECT deviceId FROM devices WHERE configurations.[[c]].status = 'Applied'"}}""");
        await RunAsync();
        store.Dispose();
        Open();
        Device device = registry.Get("d");
        Assert.Equal("""{"c":{"status":"Applied"}}""", Document(device).GetProperty("configurations").GetRawText());
        await RunAsync();
        Assert.Equal(1, book.Get("c").Results.Metrics["m"]);
        await book.RemoveAsync("c", null);
        await RunAsync();
        Assert.Equal("""{"own":1}""", Desired(device));

        // A device that is made anew has nothing of the old one's.
        await CreateAsync("c", "*", 1, """{"properties.desired.a":1}""");
        await RunAsync();
        await registry.RemoveAsync(device, "*");
        store.Dispose();
        Open();
        Assert.Null((await DeviceAsync("d", "{}", "{}")).Configured);
    }

    [Fact]
    public async Task Run_Modules_AreTargetedByTheirOwnCondition()
    {
        Device device = await DeviceAsync("d", "{}", "{}");
        Device module = await registry.CreateAsync(DeviceIdentity.New("d", clock.GetUtcNow(), "m"));
        Device other = await registry.CreateAsync(DeviceIdentity.New("d", clock.GetUtcNow(), "n"));
        await CreateAsync("modules", "FROM devices.modules WHERE moduleId = 'm'", 1, """{"properties.desired.a":1}""", part: "moduleContent");
        await RunAsync();
        Assert.Equal(("{}", """{"a":1}""", "{}"), (Desired(device), Desired(module), Desired(other)));
        Assert.Equal((1, 1), Counts("modules"));
    }

    [Fact]
    public async Task Run_TwinThatWouldGrowTooLarge_IsLeftAndTheOthersGoOn()
    {
        string text = new('x', 4000);
        Device full = await DeviceAsync("full", "{}", "{" + string.Join(',', Enumerable.Range(0, 8).Select(i => $"\"k{i}\":\"{text}\"")) + "}");
        Device empty = await DeviceAsync("empty", "{}", "{}");
        await CreateAsync("c", "*", 1, $$"""{"properties.desired.a":"{{text}}"}""");
        await RunAsync();
        Assert.DoesNotContain("\"a\"", Desired(full), StringComparison.Ordinal);
        Assert.Contains("\"a\"", Desired(empty), StringComparison.Ordinal);
        Assert.Equal((2, 1), Counts("c"));
    }

    [Fact]
    public async Task Create_OneTooMany_Is413101()
    {
        for (int i = 0; i < 100; i++)
        {
            await CreateAsync($"c{i}", "", 1, """{"properties.desired.a":1}""");
        }

        Assert.Equal(413101, (await Assert.ThrowsAsync<HubRefusalException>(() => CreateAsync("c100", "", 1, """{"properties.desired.a":1}"""))).Code);
    }

    [Fact]
    public void Apply_AnySettingsOverAnyTwin_HoldThemAndLeaveTheRest() => Gen.Select(JsonGen.Document, JsonGen.Document, JsonGen.Document).Sample((own, first, second) =>
    {
        JsonObject desired = Parse(own);
        DesiredSettings.Apply(desired, [], Parse(first));
        Assert.True(Holds(desired, Parse(first)), desired.ToJsonString());
        DesiredSettings.Apply(desired, Parse(first), Parse(second));
        Assert.True(Holds(desired, Parse(second)), desired.ToJsonString());
        string settled = desired.ToJsonString();
        DesiredSettings.Apply(desired, Parse(second), Parse(second));
        Assert.Equal(settled, desired.ToJsonString());
        DesiredSettings.Apply(desired, Parse(second), []);

        // What is left is a service's own, less what settings stood on.
        Assert.All(Leaves(desired, ""), leaf => Assert.Contains(leaf, Leaves(Parse(own), "")));
        IEnumerable<string> taken = Leaves(Parse(first), "").Concat(Leaves(Parse(second), "")).Select(l => l[..l.LastIndexOf('=')]);
        Assert.All(
            Leaves(Parse(own), "").Where(leaf => !taken.Any(path => (leaf[..leaf.LastIndexOf('=')] + "\n/").StartsWith(path, StringComparison.Ordinal) || path.StartsWith(leaf[..leaf.LastIndexOf('=')], StringComparison.Ordinal))),
            leaf => Assert.Contains(leaf, Leaves(desired, "")));
    });

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Open()
    {
        store = HubStore.Open(folder, NullLogger<HubStore>.Instance);
        registry = new DeviceRegistry(store, clock);
        book = new ConfigurationBook(store, clock);
        run = new ConfigurationRun(book, registry, new QueryRun(registry, () => Array.Empty<DeviceJob>()), store, NullLogger<ConfigurationRun>.Instance);
    }

    private Task RunAsync() => run.RunAsync(TestContext.Current.CancellationToken);

    private (int, int) Counts(string id) => (book.Get(id).Results.Targeted, book.Get(id).Results.Applied);

    private Task<Configuration> CreateAsync(string id, string target, int priority, string settings, string metrics = "{}", string part = "deviceContent")
    {
        using JsonDocument body = JsonDocument.Parse(
            $$$"""{"content":{"{{{part}}}":{{{settings}}} },"targetCondition":{{{JsonSerializer.Serialize(target)}}},"priority":{{{priority}}},"metrics":{{{metrics}}} }""");
        return book.CreateAsync(ConfigurationRequest.Parse(id, body.RootElement));
    }

    private async Task<Device> DeviceAsync(string id, string tags, string desired)
    {
        Device device = await registry.CreateAsync(DeviceIdentity.New(id, clock.GetUtcNow()));
        await TagAsync(device, tags);
        await ChangeAsync(device, desired);
        return device;
    }

    private async Task TagAsync(Device device, string tags)
    {
        using JsonDocument patch = JsonDocument.Parse(tags);
        await registry.ChangeTwinAsync(device, null, patch.RootElement, null, replace: false);
    }

    private async Task ChangeAsync(Device device, string desired)
    {
        using JsonDocument patch = JsonDocument.Parse(desired);
        await registry.ChangeTwinAsync(device, null, null, patch.RootElement, replace: false);
    }

    private static string Desired(Device device) => Encoding.UTF8.GetString(device.Twin.Desired.Body);

    private static JsonElement Document(Device device)
    {
        using JsonDocument document = JsonDocument.Parse(HubJson.Bytes(device, static (d, json) => TwinDocument.WriteForService(d, d.Twin, json)));
        return document.RootElement.Clone();
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static bool Holds(JsonNode? tree, JsonNode? settings) => settings is JsonObject inner
        ? tree is JsonObject present && inner.All(m => Holds(present[m.Key], m.Value))
        : JsonNode.DeepEquals(tree, settings);

    // Each member that is no object with members, as its path and value.
    private static IEnumerable<string> Leaves(JsonObject tree, string path) => tree.SelectMany(m => m.Value is JsonObject { Count: > 0 } inner
        ? Leaves(inner, $"{path}/{m.Key}\n")
        : [$"{path}/{m.Key}\n={m.Value?.ToJsonString()}"]);
}
