using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.State;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests.Operations;

public sealed class OperationRegistryTests
{
    [Fact]
    public void Registry_EveryRequestRecord_HasItsOperation()
    {
        using var folder = new TemporaryFolder();
        using var platform = new SimulatedPlatform(folder.Path, TimeProvider.System);
        var state = new RootStateStore(folder.Path, new ServerLog(TextWriter.Null));
        var registry = new OperationRegistry(new OperationServices(platform, state, new RebootRules(true, null, null, TimeSpan.Zero, TimeSpan.FromHours(1))));
        Type[] requests = [.. ConfiguratorJson.Default.ConfiguratorRequest.PolymorphismOptions!.DerivedTypes.Select(derived => derived.DerivedType)];
        Assert.Equal(requests.OrderBy(type => type.Name), registry.All.Select(operation => operation.RequestType).OrderBy(type => type.Name));
        Assert.Equal(ConfiguratorOperations.All, registry.Supported);
        Assert.All(registry.All, operation =>
            Assert.Equal(typeof(IReadOnlyRequest).IsAssignableFrom(operation.RequestType), operation.IsReadOnly));
    }

    [Fact]
    public void SamplePolicy_EveryOperation_IsGrantedToSomePlugin()
    {
        byte[] sample = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "policy.sample.json"));
        Policy policy = PolicyReader.Read(sample);
        string[] granted = [.. policy.Callers.SelectMany(caller => caller.Grants).SelectMany(grant => grant.Operations).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(ConfiguratorOperations.All, granted);
    }

    [Theory]
    [InlineData("modulardm.time", "setTimeZone", null, null, true)]
    [InlineData("modulardm.time", "rebootNow", null, null, false)]
    [InlineData("modulardm.runtime", "getDeviceInfo", null, null, true)]
    [InlineData("modulardm.runtime", "rebootNow", null, null, false)]
    [InlineData("contoso.fancontrol", "writeAttribute", "fan0.pwm", "255", true)]
    [InlineData("contoso.fancontrol", "writeAttribute", "fan0.pwm", "256", false)]
    [InlineData("contoso.fancontrol", "readAttribute", "fan0.rpm", null, true)]
    [InlineData("contoso.fancontrol", "writeAttribute", "fan0.rpm", "1", false)]
    [InlineData("contoso.thermometer", "readAttribute", "temp0.input", null, true)]
    [InlineData("contoso.thermometer", "writeAttribute", "temp0.input", "1", false)]
    [InlineData("contoso.thermometer", "readAttribute", "fan0.pwm", null, false)]
    public void SamplePolicy_AsDocumented_AllowsAndDenies(string plugin, string operation, string? attribute, string? value, bool allowed)
    {
        JsonElement sample = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "policy.sample.json"))).RootElement;
        string byUid = sample.GetRawText().Replace("\"unit:modulardm-host.service\"", "\"uid:7\"", StringComparison.Ordinal)
            .Replace("\"user\": \"modulardm\",", string.Empty, StringComparison.Ordinal);
        var authorizer = new Authorizer(PolicyReader.Read(System.Text.Encoding.UTF8.GetBytes(byUid)), new CallerIdentity { Uid = 7 });
        Exception? refused = Record.Exception(() => authorizer.Authorize(plugin, operation, attribute, value));
        Assert.Equal(allowed, refused is null);
    }
}
