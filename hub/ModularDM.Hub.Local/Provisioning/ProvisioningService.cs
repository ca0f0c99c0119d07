using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Storage;
using MQTTnet.AspNetCore;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>The provisioning service: a broker of its own for devices that ask where they belong.</summary>
internal sealed class ProvisioningService : IAsyncDisposable
{
    private readonly MqttConnectionHandler adapter = new();
    private readonly AllocationWebhook webhook = new();
    private readonly MqttServer broker;

    public ProvisioningService()
    {
        // Sessions outlive their links for the same reason as the hub's: a broker that ends them by id may end the next link's.
        MqttServerOptions options = new MqttServerOptionsBuilder().WithoutDefaultEndpoint().WithPersistentSessions().WithMaxPendingMessagesPerClient(16).Build();
        broker = new MqttServer(options, [adapter], MqttNetNullLogger.Instance);
    }

    /// <summary>Takes the links of an endpoint.</summary>
    public void Serve(IConnectionBuilder endpoint) => endpoint.Run(adapter.OnConnectedAsync);

    /// <summary>Puts the parts together and starts the broker.</summary>
    /// <returns>The enrolments, for the service side.</returns>
    public async Task<Enrollments> StartAsync(
        HubStore store,
        CertificateAuthorities authorities,
        IReadOnlyList<ProvisioningTarget> targets,
        string idScope,
        TimeProvider time,
        ILogger<ProvisioningGateway> logger)
    {
        var enrollments = new Enrollments(store, authorities, idScope, time);
        var registrar = new Registrar(enrollments, new Allocator(targets, webhook), time);
        _ = new ProvisioningGateway(broker, enrollments, registrar, idScope, time, logger);
        await broker.StartAsync();
        return enrollments;
    }

    public async ValueTask DisposeAsync()
    {
        if (broker.IsStarted)
        {
            await broker.StopAsync(new MqttServerStopOptions());
        }

        broker.Dispose();
        webhook.Dispose();
    }
}
