using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ModularDM.Hosting.Hub;

/// <summary>Connects once, as the configuration says, and takes leave again: whether the hub accepts this device.</summary>
internal static class HubProbe
{
    /// <returns>As whom it connected, and where.</returns>
    /// <exception cref="HubException">It did not; the message is fit for an operator.</exception>
    public static async Task<HubIdentity> ConnectAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        HubOptions options = services.GetRequiredService<IOptions<HubOptions>>().Value;
        HubIdentity identity = await services.GetRequiredService<IHubIdentitySource>().GetAsync(cancellationToken);
        var transport = new TransportChoice(options);
        HubTransport first = transport.Current;
        try
        {
            await ConnectAsync(services, options, identity, transport, cancellationToken);
        }
        catch (HubException e)
        {
            transport.Failed(identity.Connection.GetMqttEndpoint(), e.Failure);
            if (transport.Current == first)
            {
                throw;
            }

            await ConnectAsync(services, options, identity, transport, cancellationToken);
        }

        return identity;
    }

    private static async Task ConnectAsync(IServiceProvider services, HubOptions options, HubIdentity identity, TransportChoice transport, CancellationToken cancellationToken)
    {
        TimeProvider clock = services.GetRequiredService<TimeProvider>();
        (string? token, _) = identity.TokenFor(clock.GetUtcNow(), TimeSpan.FromMinutes(options.TokenLifetimeMinutes));
        MqttDial dial = identity.Dial(transport.Current, options, token);
        await using var session = new MqttHubSession(options, identity, dial, new Deaf(), new CloudMessageHandler(), clock, NullLogger.Instance, cancellationToken);
        await session.ConnectAsync(transport.Limit(identity.Connection.GetMqttEndpoint(), TimeSpan.FromSeconds(options.RequestTimeoutSeconds)));
    }

    // The session never serves, so none of this is called but by a method that arrives in the one moment between.
    private sealed class Deaf : IHubListener
    {
        public void OnConnected()
        {
        }

        public void OnDisconnected(string reason)
        {
        }

        public void OnDesired(ReadOnlyMemory<byte> patch)
        {
        }

        public Task<HubMethodResponse> OnMethodAsync(HubMethodRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(new HubMethodResponse(503, "{}"u8.ToArray()));
    }
}
