using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;
using ModularDM.Hosting.Hub.Provisioning;
using ModularDM.Hosting.Runtime;

namespace ModularDM.Hosting.Hub;

/// <summary>Registers the hub connection and the message queue.</summary>
internal static class HubServices
{
    /// <summary>Adds them, unless the application has registered an <see cref="IHubConnection"/> of its own; then its options are not asked for.</summary>
    public static IServiceCollection AddModularDMHub(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(MessageQueue)))
        {
            return services;
        }

        services.AddOptions<ProvisioningOptions>().BindConfiguration(ProvisioningOptions.SectionName);
        OptionsBuilder<HubOptions> options = services.AddOptions<HubOptions>().BindConfiguration(HubOptions.SectionName);
        if (!services.Any(service => service.ServiceType == typeof(IHubConnection)))
        {
            options.ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HubOptions>, HubOptionsValidator>());
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(MakeIdentity);
        services.TryAddSingleton<IHubConnection, MqttHubConnection>();
        services.AddSingleton<MessageQueue>();
        services.TryAddSingleton<IMessageSender>(provider => provider.GetRequiredService<MessageQueue>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MessageQueue>());
        return services;
    }

    private static IHubIdentitySource MakeIdentity(IServiceProvider provider)
    {
        HubOptions hub = provider.GetRequiredService<IOptions<HubOptions>>().Value;
        ProvisioningOptions provisioning = provider.GetRequiredService<IOptions<ProvisioningOptions>>().Value;
        TimeProvider clock = provider.GetRequiredService<TimeProvider>();
        return string.IsNullOrWhiteSpace(provisioning.IdScope)
            ? new ConfiguredIdentity(hub, clock, provider.GetRequiredService<ILogger<ConfiguredIdentity>>())
            : new ProvisionedIdentity(
                provisioning, hub, provider.GetRequiredService<IOptions<RuntimeOptions>>().Value, clock, provider.GetRequiredService<ILogger<ProvisionedIdentity>>());
    }
}
