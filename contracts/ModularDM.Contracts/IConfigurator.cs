using ModularDM.Contracts.Configurator;

namespace ModularDM.Contracts;

/// <summary>Sends requests to the root service. May be used from any thread.</summary>
public interface IConfigurator
{
    /// <summary>Sends one request and waits for the answer.</summary>
    /// <param name="request">One of the closed list of records.</param>
    /// <param name="cancellationToken">Gives the request up; root is told and stops at the next safe point.</param>
    /// <returns>What root answered.</returns>
    /// <exception cref="ConfiguratorException">Refused by policy, failed, not supported here, out of time, or the service cannot be reached.</exception>
    Task<TResponse> SendAsync<TResponse>(ConfiguratorRequest<TResponse> request, CancellationToken cancellationToken)
        where TResponse : ConfiguratorResponse;
}
