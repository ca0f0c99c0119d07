using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ModularDM.Contracts;

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

        OptionsBuilder<HubOptions> options = services.AddOptions<HubOptions>().BindConfiguration(HubOptions.SectionName);
        if (!services.Any(service => service.ServiceType == typeof(IHubConnection)))
        {
            options.ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HubOptions>, HubOptionsValidator>());
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IHubConnection, MqttHubConnection>();
        services.AddSingleton<MessageQueue>();
        services.TryAddSingleton<IMessageSender>(provider => provider.GetRequiredService<MessageQueue>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MessageQueue>());
        return services;
    }
}
