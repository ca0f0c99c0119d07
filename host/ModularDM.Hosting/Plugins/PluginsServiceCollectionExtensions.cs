using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Plugins;

/// <summary>Adds the plugins.</summary>
public static class PluginsServiceCollectionExtensions
{
    /// <summary>Finds plugins at start, routes to them, and stops them. Settings: <see cref="PluginsOptions"/>, <see cref="SectionsOptions"/>.</summary>
    /// <remarks>Needs the host's channel to the configurator, its message sender and its reporter factory by the time a plugin uses them.</remarks>
    public static IServiceCollection AddModularDMPlugins(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<PluginsOptions>().BindConfiguration(PluginsOptions.SectionName);
        services.AddOptionsWithValidateOnStart<SectionsOptions>().BindConfiguration(SectionsOptions.SectionName);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PluginsOptions>, PluginsOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SectionsOptions>, PluginsOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<PluginCatalog>();
        services.TryAddSingleton<IPluginCatalog>(provider => provider.GetRequiredService<PluginCatalog>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PluginHostService>());
        return services;
    }
}
