using System.Composition;
using System.Reflection;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>
/// Chooses the constructor of an exported class: the one marked, or else the one with the most parameters that can all be given. Plugins need no
/// <c>[ImportingConstructor]</c>, which a base class could not hand down.
/// </summary>
internal sealed class ConstructorChoice(HostServicesExportProvider services, IReadOnlyList<Type> parts)
{
    private readonly HashSet<Type> _exported = [.. parts.SelectMany(Exports)];

    /// <exception cref="PluginException">No constructor can be given all it needs.</exception>
    public ConstructorInfo Choose(Type part)
    {
        ConstructorInfo[] all = [.. part.GetConstructors().OrderByDescending(c => c.GetParameters().Length)];
        if (all.FirstOrDefault(c => c.IsDefined(typeof(ImportingConstructorAttribute))) is { } marked)
        {
            all = [marked];
        }

        return all.FirstOrDefault(c => c.GetParameters().All(IsSatisfiable)) ?? throw (all.Length == 0
            ? PluginException.UnsatisfiedImport(part.FullName!, "a public constructor")
            : PluginException.UnsatisfiedImport(part.FullName!, string.Join(", ", all[0].GetParameters().Where(p => !IsSatisfiable(p)).Select(p => p.ParameterType.Name))));
    }

    private bool IsSatisfiable(ParameterInfo parameter)
    {
        // What is named or constrained, MEF finds or misses by itself.
        if (parameter.HasDefaultValue || parameter.IsDefined(typeof(ImportAttribute)) || parameter.IsDefined(typeof(ImportManyAttribute)))
        {
            return true;
        }

        Type type = parameter.ParameterType;
        if (type.IsConstructedGenericType && type.GetGenericTypeDefinition() is { } open && (open == typeof(Lazy<>) || open == typeof(ExportFactory<>)))
        {
            type = type.GenericTypeArguments[0];
        }

        return services.Offers(type) || _exported.Contains(type);
    }

    private static IEnumerable<Type> Exports(Type part)
    {
        foreach (ExportAttribute export in part.GetCustomAttributes<ExportAttribute>(inherit: false))
        {
            yield return export.ContractType ?? part;
        }

        foreach (PropertyInfo property in part.GetProperties())
        {
            foreach (ExportAttribute export in property.GetCustomAttributes<ExportAttribute>(inherit: false))
            {
                yield return export.ContractType ?? property.PropertyType;
            }
        }
    }
}
