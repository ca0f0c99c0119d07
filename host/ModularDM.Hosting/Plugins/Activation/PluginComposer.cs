using System.Composition.Hosting;
using System.Reflection;
using ModularDM.Contracts.Methods;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Plugins.Discovery;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>Composes one plugin in a container of its own: in a shared one, a missing file or an import that nobody exports would take every plugin down.</summary>
internal static class PluginComposer
{
    /// <exception cref="PluginException">A class cannot be loaded, given what it imports, or constructed.</exception>
    public static PluginInstance Compose(FoundPlugin plugin, PluginLoadContext code, HostServicesExportProvider services)
    {
        AssemblyFacts facts = plugin.Code!;
        Type[] types = LoadTypes(plugin, code);
        var choice = new ConstructorChoice(services, types);
        var conventions = new PartConventions(types.ToDictionary(type => type, choice.Choose));
        CompositionHost container = new ContainerConfiguration().WithParts(types, conventions).WithProvider(services).CreateContainer();
        try
        {
            var parts = new Dictionary<string, object>(StringComparer.Ordinal);
            foreach (ExportAttributeFacts section in facts.Sections)
            {
                parts[section.TypeName] = Make<ITwinSection>(container, types, section.TypeName, "TwinSection");
            }

            foreach (ExportAttributeFacts method in facts.Methods)
            {
                parts[method.TypeName] = Make<IDirectMethod>(container, types, method.TypeName, "DirectMethod");
            }

            return new PluginInstance(container, parts);
        }
        catch
        {
            container.Dispose();
            throw;
        }
    }

    private static Type[] LoadTypes(FoundPlugin plugin, PluginLoadContext code)
    {
        string current = "";
        try
        {
            Assembly assembly = code.LoadPlugin();
            return [.. plugin.Code!.Parts.Select(name => assembly.GetType(current = name, throwOnError: true)!)];
        }
        catch (Exception e) when (e is IOException or TypeLoadException or BadImageFormatException)
        {
            throw MissingAssembly(e) is { } missing ? PluginException.MissingDependency(missing, e)
                : current.Length == 0 ? PluginException.AssemblyUnusable(plugin.Manifest!.Assembly, e)
                : PluginException.TypeMissing(current, e);
        }
    }

    private static object Make<TContract>(CompositionHost container, Type[] types, string typeName, string attribute)
    {
        Type type = Array.Find(types, t => t.FullName == typeName)!;
        if (!type.IsAssignableTo(typeof(TContract)))
        {
            throw PluginException.WrongType(typeName, attribute);
        }

        try
        {
            return container.GetExport(type, PartConventions.PartContract);
        }
        catch (CompositionFailedException e)
        {
            throw PluginException.CompositionFailed(typeName, e);
        }
        catch (Exception e)
        {
            Exception cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            throw MissingAssembly(cause) is { } missing ? PluginException.MissingDependency(missing, cause) : PluginException.ConstructorThrew(typeName, cause);
        }
    }

    // The loader names an assembly in full; a plugin that misses a file of its own names a path.
    private static string? MissingAssembly(Exception e) => e switch
    {
        FileNotFoundException { FileName: { } name } when name.Contains(", Version=", StringComparison.Ordinal) => new AssemblyName(name).Name,
        FileLoadException { FileName: { } name } when name.Contains(", Version=", StringComparison.Ordinal) => new AssemblyName(name).Name,
        TypeInitializationException { InnerException: { } inner } => MissingAssembly(inner),
        _ => null,
    };
}
