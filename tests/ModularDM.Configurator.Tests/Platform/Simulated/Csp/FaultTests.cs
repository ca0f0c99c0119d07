using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed class FaultTests : IDisposable
{
    private const string Telemetry = "./Vendor/MSFT/Policy/Config/System/AllowTelemetry";
    private readonly TemporaryFolder _folder = new();
    private readonly SimulatedPlatform _platform;

    public FaultTests() => _platform = new SimulatedPlatform(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _platform.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Fault_WithAStatus_IsTheAnswerAndNothingIsDone()
    {
        _platform.Faults.Set(Telemetry, new SimulatedFault { Status = 503 });
        Assert.Equal(503, Set(2).StatusOf(1));
        Assert.Null(_platform.Transport.Tree.Value(Telemetry));
    }

    [Fact]
    public void Fault_LostAnswer_IsDoneButNotAnswered()
    {
        _platform.Faults.Set($"./Device{Telemetry[1..]}", new SimulatedFault { Lost = true });
        SyncMlResponse answer = Set(2);
        Assert.Equal(0, answer.StatusOf(1));
        Assert.Equal(200, answer.StatusOf(2));
        Assert.Equal("2", _platform.Transport.Tree.Value(Telemetry));
    }

    [Fact]
    public void Fault_HResult_FailsTheWholeCall()
    {
        _folder.Write("faults.json", """{ "./DevInfo/Man": { "hResult": "0x80070005" } }""");
        Assert.Equal("0x80070005", Assert.Throws<ConfiguratorException>(() => Set(2)).Error.Detail);
        Assert.Null(_platform.Transport.Tree.Value(Telemetry));
    }

    [Fact]
    public void Fault_DelayBeyondTheLimit_IsATimeout()
    {
        _platform.Faults.Set(Telemetry, new SimulatedFault { DelayMs = 60_000 });
        Assert.Equal(ConfiguratorErrorCode.Timeout, Assert.Throws<ConfiguratorException>(() => Set(2, TimeSpan.FromMilliseconds(20))).Code);
        Assert.Null(_platform.Transport.Tree.Value(Telemetry));
    }

    private SyncMlResponse Set(int level, TimeSpan? limit = null)
    {
        var request = new SyncMlRequest();
        request.Replace(Telemetry, CspFormat.Int, $"{level}");
        request.Get("./DevInfo/Man");
        return SyncMlResponse.Parse(_platform.Transport.Apply(request.Build(), limit ?? TestTimeouts.Default));
    }
}
