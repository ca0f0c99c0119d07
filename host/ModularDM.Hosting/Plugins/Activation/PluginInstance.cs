using System.Composition.Hosting;
using ModularDM.Contracts;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>The living objects of one activated plugin.</summary>
internal sealed class PluginInstance(CompositionHost container, IReadOnlyDictionary<string, object> parts) : IDisposable
{
    /// <summary>Those that have background work, in the order in which they were made.</summary>
    public IReadOnlyList<IPluginLifecycle> Lifecycles { get; } = [.. parts.Values.OfType<IPluginLifecycle>()];

    public ITwinSection Section(string typeName) => (ITwinSection)parts[typeName];

    public IDirectMethod Method(string typeName) => (IDirectMethod)parts[typeName];

    public void Dispose() => container.Dispose();
}
