using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Configurator;

/// <summary>The one connection to the root service that all plugins share.</summary>
internal interface IConfiguratorChannel
{
    /// <summary>What the configurator said of itself at connect; null while it was never reached.</summary>
    ServerHello? Peer { get; }

    /// <summary>Sends one request for a plugin and waits for the answer.</summary>
    /// <param name="pluginId">For whom.</param>
    /// <param name="lease">The call's lease; 0 when the host itself asks.</param>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Gives up; root is told.</param>
    /// <exception cref="ConfiguratorException">Refused, failed, out of time, or not reachable.</exception>
    Task<TResponse> SendAsync<TResponse>(
        string pluginId, long lease, ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken)
        where TResponse : ConfiguratorResponse;

    /// <summary>Ends a lease: root refuses what still comes under it. Does not wait, does not throw.</summary>
    void RevokeLease(long lease);
}
