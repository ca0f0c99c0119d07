using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>A CSP of the simulated device that does something: its nodes, and what goes on by itself.</summary>
internal abstract class SimulatedArea : ICspNodeBehaviour
{
    public abstract IReadOnlyList<string> Addresses { get; }

    /// <summary>The device is on: the tree holds what it held before. What was interrupted goes on here.</summary>
    public virtual void Start(CspTree tree)
    {
    }

    /// <summary>The device has just booted again.</summary>
    public virtual void Boot(CspTree tree)
    {
    }

    public virtual CspOutcome? OnGet(CspCall call) => null;

    public virtual CspOutcome? OnSet(CspCall call) => null;

    public virtual CspOutcome? OnDelete(CspCall call) => null;

    public virtual CspOutcome? OnExec(CspCall call) => null;
}
