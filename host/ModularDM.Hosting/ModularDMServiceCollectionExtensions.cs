using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Application;
using ModularDM.Hosting.Configurator;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Runtime;
using ModularDM.Hosting.Telemetry;
using ModularDM.Hosting.Twin;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the device runtime to an application.</summary>
public static class ModularDMServiceCollectionExtensions
{
    /// <summary>
    /// Adds the device runtime: it starts and stops with the host. Options are bound from the configuration sections <c>Hub</c>, <c>Plugins</c>, <c>Sections</c>,
    /// <c>Configurator</c>, <c>Runtime</c> and <c>Telemetry</c>, and checked at start. Register an <see cref="ModularDM.Contracts.IApplication"/> to have a say in
    /// reboots; inject <see cref="IDeviceHub"/> to share the connection.
    /// </summary>
    public static IServiceCollection AddModularDM(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptionsWithValidateOnStart<RuntimeOptions>().BindConfiguration(RuntimeOptions.SectionName);
        services.TryAddSingleton<IValidateOptions<RuntimeOptions>, RuntimeOptionsValidator>();
        services.AddModularDMTelemetry();
        services.AddModularDMHub();
        services.AddModularDMConfigurator();
        services.AddModularDMPlugins();
        services.AddModularDMTwin();
        services.AddModularDMMethods();
        services.TryAddSingleton<DeviceHub>();
        services.TryAddSingleton<IDeviceHub>(provider => provider.GetRequiredService<DeviceHub>());
        services.AddSingleton<ITwinObserver>(provider => provider.GetRequiredService<DeviceHub>());

        // Last of all: the plugins are found by then, and at stop the connection goes first.
        services.AddHostedService<DeviceRuntime>();
        return services;
    }
}
