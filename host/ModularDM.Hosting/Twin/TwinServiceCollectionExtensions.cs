using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModularDM.Hosting.Hub;
using ModularDM.Hosting.Methods;
using ModularDM.Hosting.Plugins;
using ModularDM.Hosting.Runtime;
using ModularDM.Hosting.Storage;

namespace ModularDM.Hosting.Twin;

internal static class TwinServiceCollectionExtensions
{
    /// <summary>The twin engine: desired in, sections applied, reported out.</summary>
    public static IServiceCollection AddModularDMTwin(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ExternalStorage>();
        services.TryAddSingleton<ReportedState>();
        services.TryAddSingleton<ReportSender>();
        services.TryAddSingleton<RuntimeReport>();
        services.TryAddSingleton<ISectionReporterFactory, SectionReporterFactory>();
        services.TryAddSingleton(provider => new TwinMemory(
            new TwinStateFile(
                provider.GetRequiredService<IOptions<RuntimeOptions>>().Value.DataFolder,
                provider.GetRequiredService<IHubConnection>().HubHostName,
                provider.GetRequiredService<IHubConnection>().DeviceId,
                provider.GetRequiredService<ILogger<TwinStateFile>>()),
            provider.GetRequiredService<ILogger<TwinMemory>>()));
        services.TryAddSingleton(MakeTable);
        services.TryAddSingleton<TwinEngine>();

        // Sections and methods are known once the plugins are found, so what depends on them is made then and not before.
        services.TryAddSingleton(provider => new Lazy<SectionTable>(provider.GetRequiredService<SectionTable>));
        services.TryAddSingleton(provider => new Lazy<TwinEngine>(provider.GetRequiredService<TwinEngine>));
        return services;
    }

    private static SectionTable MakeTable(IServiceProvider provider)
    {
        IPluginCatalog catalog = provider.GetRequiredService<IPluginCatalog>();
        string coreVendor = provider.GetRequiredService<IOptions<PluginsOptions>>().Value.CoreVendor;
        ISectionOwner[] builtIn = [new ExternalStorageSection(coreVendor, provider.GetRequiredService<ExternalStorage>())];
        return new SectionTable(
            builtIn.Where(owner => !catalog.IsDisabled(owner.Name)).Concat(catalog.Sections.Values),
            catalog.Methods.Values.Select(method => method.Reports).OfType<Contracts.Twin.SectionName>(),
            [coreVendor, RuntimeReport.Vendor],
            provider.GetRequiredService<ReportedState>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SectionWorker>>())
        {
            IsWorkRunning = provider.GetRequiredService<LongWork>().IsRunning,
        };
    }
}
