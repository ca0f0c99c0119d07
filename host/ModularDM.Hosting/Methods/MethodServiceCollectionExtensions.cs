using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Methods;

internal static class MethodServiceCollectionExtensions
{
    /// <summary>Direct methods: the router, long work, and the methods that are the runtime's own.</summary>
    public static IServiceCollection AddModularDMMethods(this IServiceCollection services)
    {
        services.TryAddSingleton<LongWork>();
        services.TryAddSingleton(provider =>
        {
            string coreVendor = provider.GetRequiredService<IOptions<PluginsOptions>>().Value.CoreVendor;
            return new MethodTable(
                provider.GetRequiredService<IPluginCatalog>(),
                [
                    new ReportAllMethod(coreVendor, provider.GetRequiredService<Lazy<TwinEngine>>()),
                    new ClearReportedMethod(coreVendor, provider.GetRequiredService<ReportedState>()),
                ]);
        });
        services.TryAddSingleton<MethodRouter>();
        services.TryAddSingleton(provider => new Lazy<MethodTable>(provider.GetRequiredService<MethodTable>));
        services.TryAddSingleton(provider => new Lazy<MethodRouter>(provider.GetRequiredService<MethodRouter>));
        return services;
    }
}
