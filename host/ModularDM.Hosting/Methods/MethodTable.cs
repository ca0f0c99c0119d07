using System.Collections.Concurrent;
using ModularDM.Hosting.Plugins;

namespace ModularDM.Hosting.Methods;

/// <summary>Who answers which method: plugins, the runtime itself, and the application that embeds it, in this order.</summary>
internal sealed class MethodTable(IPluginCatalog plugins, IEnumerable<IMethodOwner> builtIn)
{
    private readonly Dictionary<string, IMethodOwner> _builtIn = builtIn.ToDictionary(owner => owner.Name, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IMethodOwner> _application = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => plugins.Methods.Keys.Concat(_builtIn.Keys).Concat(_application.Keys).Order(StringComparer.Ordinal);

    public IMethodOwner? Find(string name) =>
        _builtIn.GetValueOrDefault(name) ?? plugins.Methods.GetValueOrDefault(name) ?? _application.GetValueOrDefault(name);

    /// <summary>Adds a method of the application's; false when the name is taken.</summary>
    public bool TryAdd(IMethodOwner owner) => Find(owner.Name) is null && _application.TryAdd(owner.Name, owner);

    public void Remove(IMethodOwner owner) => _application.TryRemove(KeyValuePair.Create(owner.Name, owner));
}
