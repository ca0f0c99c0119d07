using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>Keeps the tree with all else that the simulated device remembers.</summary>
internal sealed class SimulatedTreeStore(SimulatedDevice device) : ICspTreeStore
{
    public CspTreeContent Load() => new(device.Current.Nodes, device.Current.Memory ?? new Dictionary<string, string>());

    public void Save(CspTreeContent content) => device.Update(state => state with { Nodes = content.Nodes, Memory = content.Memory });
}
