using System.Text.Json;
using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Tests.Testing;

/// <summary>The kit must find what it promises to find.</summary>
public sealed class TestKitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task CheckContract_GoodSection_Passes() => SectionTester.CheckContractAsync(new Lamp(), """{ "level": 3 }""", Token);

    [Fact]
    public async Task CheckContract_SecondApplyDiffers_IsFound() =>
        await AssertViolationAsync(new Lamp { Step = 1 }, "applied twice");

    [Fact]
    public async Task CheckContract_ReportTheHubRefuses_IsFound() => await AssertViolationAsync(new Lamp { Key = "a.b" }, "a.b");

    [Fact]
    public async Task CheckContract_CancellationTurnedIntoFailure_IsFound() => await AssertViolationAsync(new Lamp { HidesCancellation = true }, "cancelled");

    [Fact]
    public async Task CheckContract_DefaultThatWouldBeLost_IsFound()
    {
        ContractViolationException e = await Assert.ThrowsAsync<ContractViolationException>(() => SectionTester.CheckContractAsync(new Forgetful(), "{}", Token));

        Assert.Contains("Percent", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Kept", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "a": { "b c": 1 } }""", "a.b c")]
    [InlineData("""{ "a": 4503599627370496 }""", "a")]
    [InlineData("""{ "a": [1, null] }""", "a[1]")]
    [InlineData("""{ "lastChange": {} }""", "lastChange")]
    [InlineData("""{ "a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}} }""", "a.a.a.a.a.a.a.a.a.a.a")]
    [InlineData("[]", "")]
    public void TwinRules_Forbidden_IsNamed(string json, string path)
    {
        using var document = JsonDocument.Parse(json);

        Assert.Equal(path, Assert.Single(TwinRules.Check(document.RootElement)).Path);
    }

    [Fact]
    public void TwinRules_LongStringAndLargeSection_AreNamed()
    {
        var section = Enumerable.Range(0, 9).ToDictionary(i => $"k{i}", _ => new string('x', 4000));
        Assert.Contains("over the hub's", Assert.Single(TwinRules.Check(JsonSerializer.SerializeToElement(section))).Message, StringComparison.Ordinal);
        Assert.Equal("k", Assert.Single(TwinRules.Check(JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["k"] = new('x', 4097) }))).Path);
    }

    [Fact]
    public async Task FakeConfigurator_Unscripted_IsNotSupported()
    {
        ConfiguratorException e = await Assert.ThrowsAsync<ConfiguratorException>(() => new FakeConfigurator().SendAsync(new GetDeviceInfo(), Token));

        Assert.Equal(ConfiguratorErrorCode.NotSupported, e.Code);
    }

    [Fact]
    public async Task FakeConfigurator_Granted_RefusesWhatTheManifestDoesNotAskFor()
    {
        var root = new FakeConfigurator();
        root.When((ReadDeviceAttribute _) => new AttributeValue("1"));
        root.When((GetTelemetryLevel _) => new TelemetryLevelState());
        root.GrantOnly(new PluginManifest
        {
            Id = "contoso.fan", Version = "1.0.0", Api = 1, Assembly = "x.dll", Requests = new PluginRequests { Configurator = ["readAttribute"], Attributes = ["a"] },
        });

        Assert.Equal("1", (await root.SendAsync(new ReadDeviceAttribute { Name = "a" }, Token)).Value);
        Assert.Equal(ConfiguratorErrorCode.Denied, (await Assert.ThrowsAsync<ConfiguratorException>(() => root.SendAsync(new ReadDeviceAttribute { Name = "b" }, Token))).Code);
        Assert.Equal(ConfiguratorErrorCode.Denied, (await Assert.ThrowsAsync<ConfiguratorException>(() => root.SendAsync(new GetTelemetryLevel(), Token))).Code);
        Assert.Equal(3, root.Requests.Count);
        Assert.Empty(root.Changes);
    }

    [Fact]
    public void ReadSettings_BadFile_NamesEveryKey()
    {
        using var context = new TestPluginContext { SettingsJson = """{ "level": "x", "depth": 1 }""" };

        PluginSettingsException e = Assert.Throws<PluginSettingsException>(() => context.ReadSettings(KitJson.Default.LampDesired));

        Assert.Equal(["level", "depth"], e.Errors.Select(error => error.Path));
    }

    [Fact]
    public void DataFolder_GoesWithTheContext()
    {
        var context = new TestPluginContext();
        File.WriteAllText(Path.Combine(context.DataFolder, "x"), "x");

        context.Dispose();

        Assert.False(Directory.Exists(context.DataFolder));
    }

    [Fact]
    public async Task Reporter_ReportTheHubRefuses_Throws() => await Assert.ThrowsAsync<ArgumentException>(
        () => new RecordingTwinReporter().ReportAsync("contoso.lamp", SectionReport.FromJson("""{ "a b": 1 }"""u8.ToArray()), Token));

    [Theory]
    [InlineData(ConfiguratorErrorCode.Denied, ErrorCodes.Denied)]
    [InlineData(ConfiguratorErrorCode.InvalidArgument, ErrorCodes.InvalidDesiredJsonValue)]
    [InlineData(ConfiguratorErrorCode.NotSupported, ErrorCodes.InvalidDesiredNotSupported)]
    [InlineData(ConfiguratorErrorCode.Timeout, ErrorCodes.DeadlineExceeded)]
    [InlineData(ConfiguratorErrorCode.Unavailable, ErrorCodes.ConfiguratorUnavailable)]
    [InlineData(ConfiguratorErrorCode.Busy, ErrorCodes.Generic)]
    public void SectionError_FromRoot_HasTheNumberOfItsKind(ConfiguratorErrorCode code, int number)
    {
        Assert.Equal(number, SectionError.From(new ConfiguratorException(new ConfiguratorError(code, "what"))).Code);
        Assert.Equal(5, SectionError.From(new ConfiguratorException(new ConfiguratorError(code, "what", ErrCode: 5))).Code);
    }

    private static async Task AssertViolationAsync(Lamp lamp, string word)
    {
        ContractViolationException e = await Assert.ThrowsAsync<ContractViolationException>(() => SectionTester.CheckContractAsync(lamp, """{ "level": 3 }""", Token));
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }
}

internal sealed record LampDesired
{
    public int Level { get; init; }
}

internal sealed record ForgetfulDesired
{
    public int Percent { get; init; } = 100;

    public int Kept { get; set; } = 7;

    public IReadOnlyList<string> KeptToo { get => field ?? ["a"]; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LampDesired))]
[JsonSerializable(typeof(ForgetfulDesired))]
internal sealed partial class KitJson : JsonSerializerContext;

[TwinSection("contoso.lamp")]
internal sealed class Lamp() : TwinSection<LampDesired>(KitJson.Default.LampDesired)
{
    private int _level;

    public int Step { get; init; }

    public string Key { get; init; } = "level";

    public bool HidesCancellation { get; init; }

    public override Task<SectionReport> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult(SectionReport.FromJson(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, int> { [Key] = _level })));

    protected override Task<ApplyResult> ApplyAsync(LampDesired value, SectionDesired desired, CancellationToken cancellationToken)
    {
        if (HidesCancellation && cancellationToken.IsCancellationRequested)
        {
            return Task.FromResult(ApplyResult.Failed(new SectionError("", "cancelled", ErrorCodes.Generic)));
        }

        _level = Step == 0 ? value.Level : _level + Step;
        return Task.FromResult(ApplyResult.Completed);
    }
}

[TwinSection("contoso.forgetful")]
internal sealed class Forgetful() : TwinSection<ForgetfulDesired>(KitJson.Default.ForgetfulDesired)
{
    public override Task<SectionReport> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(SectionReport.Empty);

    protected override Task<ApplyResult> ApplyAsync(ForgetfulDesired value, SectionDesired desired, CancellationToken cancellationToken) =>
        Task.FromResult(ApplyResult.Completed);
}
