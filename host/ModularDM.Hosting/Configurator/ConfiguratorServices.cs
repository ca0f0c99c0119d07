using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Configurator;

/// <summary>Registers the connection to the root service.</summary>
internal static class ConfiguratorServices
{
    public static IServiceCollection AddModularDMConfigurator(this IServiceCollection services)
    {
        services.AddOptions<ConfiguratorOptions>().BindConfiguration(ConfiguratorOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ConfiguratorOptions>, ConfiguratorOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IConfiguratorChannel, ConfiguratorClient>();
        return services;
    }
}
