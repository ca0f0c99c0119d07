namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Faults that are on for nodes.</summary>
internal interface ICspFaults
{
    /// <summary>Called for each command with the address that it names, before it is done.</summary>
    /// <returns>What is done instead, or null. A delay was waited for when this returns.</returns>
    /// <exception cref="Contracts.Configurator.ConfiguratorException">The whole call fails.</exception>
    SimulatedFault? On(string locUri);
}
