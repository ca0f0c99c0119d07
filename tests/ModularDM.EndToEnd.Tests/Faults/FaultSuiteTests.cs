using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ModularDM.Hub.Local.Faults;

namespace ModularDM.EndToEnd.Tests.Faults;

/// <summary>Every fault that the hub can have, while a device applies, reports and runs a method: afterwards all is as it should be.</summary>
public sealed class FaultSuiteTests(ITestOutputHelper output)
{
    private const int Level = 42;
    private const int AtOnce = 10;

    // A device that was refused waits up to a minute before it tries again.
    private static readonly TimeSpan s_healing = TimeSpan.FromSeconds(150);

    // 1.5 keep-alives are 6 s; the rest is for a busy machine.
    private static readonly TimeSpan s_noticing = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Device_AnyFaultInAnyPhase_EndsWithReportedAsDesiredAndNothingTwice()
    {
        Combination[] all = [.. Combination.All];
        var failures = new ConcurrentQueue<string>();
        long began = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            all,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (combination, _) =>
            {
                try
                {
                    await RunAsync(combination);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    failures.Enqueue($"{combination}: {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Faults", StringComparison.Ordinal))}");
                }
            });
        output.WriteLine($"{all.Length} fault x phase combinations ran in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, {failures.Count} failed.");
        Assert.True(failures.IsEmpty, string.Join(Environment.NewLine, failures));
        Assert.Equal(Enum.GetValues<FaultKind>().Order(), all.Select(combination => combination.Faults[0].Kind).Distinct().Order());
    }

    private static async Task RunAsync(Combination combination)
    {
        await using FaultedDevice device = await FaultedDevice.StartAsync();
        InjectedFault[] faults = [];

        // A message without its PUBACK gives a dead link away; pings must do that by themselves.
        bool messages = combination.Faults[0].Kind != FaultKind.BlackHole;
        if (!combination.During)
        {
            faults = Inject(device, combination);
        }

        // In the phase of reports the fault is for the runtime's own report, not for the application's.
        if (combination.Phase != Phase.Report)
        {
            device.Publish(messages);
        }

        Task method = Task.CompletedTask;
        if (combination.Phase == Phase.Method)
        {
            method = device.CallUntilAnsweredAsync(s_healing);
            await (combination.During ? device.Working : Task.CompletedTask).WaitAsync(TestTimeouts.Default);
        }

        await device.DesireAsync(new JsonObject
        {
            ["contoso"] = new JsonObject { ["wellBehaved"] = new JsonObject { ["level"] = Level, ["milliseconds"] = combination.Phase == Phase.Apply ? 400 : 0 } },
        });
        if (combination.During)
        {
            faults = Inject(device, combination);
        }

        await StruckAsync(device, combination, faults);
        if (combination.Phase == Phase.Report)
        {
            device.Publish(messages);
        }

        await method;
        await device.Service.WaitReportedAsync(
            all => all.TextAt("contoso.wellBehaved.level") == $"{Level}" && all.TextAt("contoso.wellBehaved.lastChange.state") == "completed", "the level", s_healing);
        await device.CallUntilAnsweredAsync(s_healing);
        await device.CheckAsync(Level);
    }

    private static InjectedFault[] Inject(FaultedDevice device, Combination combination) =>
        [.. combination.Faults.Select((fault, i) => device.Hub.Faults.Put($"{i}", fault))];

    private static async Task StruckAsync(FaultedDevice device, Combination combination, InjectedFault[] faults)
    {
        await Task.WhenAll(faults.Where(fault => fault.Fault.Kind != FaultKind.ClockSkew).Select(fault => fault.FirstHit)).WaitAsync(s_healing);
        if (combination.Faults[0].Kind == FaultKind.ClockSkew)
        {
            await TestTimeouts.WaitForAsync(() => Task.FromResult(faults[0].InForce ? null : device), () => Task.FromResult("The clock is still off."));
            Assert.False(device.Device.IsConnected, "The hub let a device in whose token its clock calls ended.");
        }
        else if (combination.Faults[0].Kind == FaultKind.BlackHole)
        {
            // By a ping that is not answered, though the application goes on publishing.
            await device.HeardAgainAsync(s_noticing);
        }
    }
}
