using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Configurator;

/// <summary>The wire names of all requests, as the JSON contract has them: there is no second list to keep in step.</summary>
public static class ConfiguratorOperations
{
    private static readonly FrozenDictionary<Type, string> s_names = ConfiguratorJson.Default.ConfiguratorRequest.PolymorphismOptions!.DerivedTypes
        .ToFrozenDictionary(derived => derived.DerivedType, derived => (string)derived.TypeDiscriminator!);

    /// <summary>All wire names, in ordinal order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. s_names.Values.Order(StringComparer.Ordinal)];

    /// <summary>The wire name of a request, as in policies, audit records and spans.</summary>
    /// <exception cref="ArgumentException">The request is of no type on the list.</exception>
    public static string NameOf(ConfiguratorRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return s_names.TryGetValue(request.GetType(), out string? name)
            ? name
            : throw new ArgumentException($"{request.GetType()} is not on the closed list of configurator requests.", nameof(request));
    }
}
