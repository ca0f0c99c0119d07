using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>An engine that applies SyncML to the simulated tree, with the access rules, formats and status codes that Windows has.</summary>
internal sealed class SimulatedCspTransport(CspTree tree, SimulatedFaults faults, TimeProvider clock) : ICspTransport
{
    /// <summary>Called when a node was executed; the name is the node's address in the short spelling.</summary>
    public Action<string>? Executed { get; set; }

    /// <summary>The tree behind the engine.</summary>
    public CspTree Tree => tree;

    public string Apply(string syncBody, TimeSpan limit) => new BodyRunner(tree, new TimedFaults(faults, clock, limit)) { Executed = Executed }.Run(syncBody, limit);

    private sealed class TimedFaults(SimulatedFaults faults, TimeProvider clock, TimeSpan limit) : ICspFaults
    {
        private readonly long _started = clock.GetTimestamp();

        public SimulatedFault? On(string locUri)
        {
            if (faults.For(locUri) is not { } fault)
            {
                return null;
            }

            if (fault.DelayMs > 0)
            {
                Wait(locUri, TimeSpan.FromMilliseconds(fault.DelayMs));
            }

            return fault.HResult is { } code
                ? throw new ConfiguratorException(new ConfiguratorError(ConfiguratorErrorCode.Failed, $"The simulated fault on '{locUri}' fails the call with {code}.", code))
                : fault;
        }

        private void Wait(string locUri, TimeSpan delay)
        {
            TimeSpan left = limit - clock.GetElapsedTime(_started);
            // The engine itself cannot be interrupted; whoever waits for it has a limit.
            Task.Delay(delay < left ? delay : left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, CancellationToken.None).GetAwaiter().GetResult();
            if (delay >= left)
            {
                throw ConfiguratorException.Timeout($"SyncML on {locUri}", delay);
            }
        }
    }
}
