using System.Reflection;
using System.Runtime.Loader;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>Loads one plugin's assembly and its private dependencies. What the contract is made of always comes from the host.</summary>
/// <remarks>
/// Not collectible: collectible code starts 40 % slower and one careless serializer call would pin it anyway. So that a host which is started and stopped again within one
/// process does not grow, a context goes back to a pool at a clean stop and is used again for the same file.
/// </remarks>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private static readonly Dictionary<(string Path, DateTime Written, long Length), Stack<PluginLoadContext>> s_pool = [];
    private readonly AssemblyDependencyResolver _resolver;
    private readonly (string Path, DateTime Written, long Length) _key;
    private readonly string _folder;

    private PluginLoadContext(string name, (string Path, DateTime Written, long Length) key)
        : base(name, isCollectible: false) => (_resolver, _key, _folder) = (new AssemblyDependencyResolver(key.Path), key, Path.GetDirectoryName(key.Path)!);

    /// <summary>Is told of exceptions that nothing in this plugin caught; null while no host runs it.</summary>
    public Action<Exception>? OnUnhandled { get; set; }

    public static PluginLoadContext Rent(string pluginId, string assemblyPath)
    {
        var file = new FileInfo(assemblyPath);
        var key = (file.FullName, file.LastWriteTimeUtc, file.Length);
        lock (s_pool)
        {
            return s_pool.TryGetValue(key, out Stack<PluginLoadContext>? free) && free.TryPop(out PluginLoadContext? context)
                ? context
                : new PluginLoadContext(pluginId, key);
        }
    }

    public void Return()
    {
        OnUnhandled = null;
        lock (s_pool)
        {
            if (!s_pool.TryGetValue(_key, out Stack<PluginLoadContext>? free))
            {
                s_pool.Add(_key, free = new Stack<PluginLoadContext>());
            }

            free.Push(this);
        }
    }

    public Assembly LoadPlugin() => LoadFromAssemblyPath(_key.Path);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name!;
        if (HostAssemblies.IsShared(name) || HostAssemblies.IsRuntime(name))
        {
            return null;
        }

        string? path = _resolver.ResolveAssemblyToPath(assemblyName);
        if (path is null && string.IsNullOrEmpty(assemblyName.CultureName))
        {
            // A deps.json that does not list a file that is there would otherwise hide it.
            string beside = Path.Combine(_folder, name + ".dll");
            path = File.Exists(beside) ? beside : null;
        }

        return path is null ? null : LoadFromAssemblyPath(path);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
