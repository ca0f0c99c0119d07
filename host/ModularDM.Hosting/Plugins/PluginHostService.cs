using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModularDM.Hosting.Plugins.Activation;

namespace ModularDM.Hosting.Plugins;

/// <summary>Finds the plugins when the host starts and stops them when it ends. To be registered before whatever uses the routes.</summary>
internal sealed partial class PluginHostService(PluginCatalog catalog, ILogger<PluginHostService> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!UnhandledExceptions.EnsureInstalled())
        {
            HandlerNotInstalled(logger);
        }

        catalog.Load();
        catalog.BeginStartupActivations();
        return Task.CompletedTask;
    }

    // Each plugin's limit bounds the wait; cutting it shorter would leave hardware as the plugin last set it.
    public Task StopAsync(CancellationToken cancellationToken) => catalog.StopAsync();

    [LoggerMessage(LogLevel.Warning, "The application has an unhandled-exception handler of its own: an async void of a plugin can end this process")]
    private static partial void HandlerNotInstalled(ILogger logger);
}
