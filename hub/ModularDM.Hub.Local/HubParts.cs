using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModularDM.Hub.Local.Amqp;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Events;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Jobs;
using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Methods;
using ModularDM.Hub.Local.Provisioning;
using ModularDM.Hub.Local.Query;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Routing;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Throttling;
using ModularDM.Hub.Protocol;
using MQTTnet.AspNetCore;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Server;

namespace ModularDM.Hub.Local;

/// <summary>All parts of one hub: put together, started and ended in one place. What a start that failed left behind ends the same way.</summary>
internal sealed class HubParts : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromMilliseconds(400);
    private readonly LocalHubOptions options;
    private readonly TimeProvider time;
    private readonly ILoggerFactory logs;
    private readonly MqttConnectionHandler adapter = new();
    private readonly ProvisioningService? provisioning;
    private WebApplication? application;
    private HubStore? store;
    private X509Certificate2? certificate;
    private MqttServer? mqtt;
    private DeviceGateway? gateway;
    private CloudMessages? cloud;
    private AmqpServer? amqp;
    private EventLog? events;
    private MessageRouter? router;
    private JobScheduler? jobs;
    private ConfigurationScheduler? configurations;
    private bool started;

    public HubParts(LocalHubOptions options, IPAddress bind, IPAddress dpsBind)
    {
        this.options = options;
        time = options.TimeProvider;
        logs = options.Logging is { } configure ? LoggerFactory.Create(configure) : NullLoggerFactory.Instance;
        provisioning = options.DpsPort is null ? null : new ProvisioningService();
        Faults = new HubFaults(time, Log<HubFaults>());
        Listeners = new HubListeners(options, bind, dpsBind, Faults, () => certificate!);
    }

    public HubListeners Listeners { get; }

    public HubFaults Faults { get; }

    public DeviceRegistry Registry { get; private set; } = null!;

    public HubPolicies Policies { get; private set; } = null!;

    public CertificateAuthorities Authorities { get; private set; } = null!;

    /// <summary>Whether this start made the hub's keys.</summary>
    public bool FirstStart { get; private set; }

    /// <summary>This hub as one that the provisioning service assigns devices to.</summary>
    public ProvisioningTarget Target => new(options.HubName, () => AddressOf(options.HubName, Listeners.MqttPort), Registry);

    public async Task BuildAsync()
    {
        // The two halves of a start that cost most, at once.
        Task<WebApplication> building = Task.Run(BuildWeb);
        WebApplication web;
        try
        {
            store = HubStore.Open(options.DataFolder, Log<HubStore>());
            certificate = HubCertificates.CreateServer(options.DataFolder, Listeners.HostNames, TimeProvider.System.GetUtcNow());
            (Policies, FirstStart) = await HubPolicies.LoadAsync(store);
        }
        finally
        {
            application = web = await building;
        }

        Registry = new DeviceRegistry(store, time, options.ReplaceMarksRemoved);
        Authorities = new CertificateAuthorities(store, time);
        MqttServerOptions broker = new MqttServerOptionsBuilder().WithoutDefaultEndpoint().WithPersistentSessions().WithMaxPendingMessagesPerClient(1000).Build();

        // Each link keeps its buffer for as long as it lives, and most links are silent; it grows with what is sent.
        broker.WriterBufferSize = 256;
        mqtt = new MqttServer(broker, [adapter], MqttNetNullLogger.Instance);

        var throttles = new HubThrottles(options.Throttle, time, Log<HubThrottles>());
        var tokens = new HubTokens(Policies, Listeners.HostNames, new FaultTime(time, Faults));
        var methods = new MethodInvoker(time);
        var messages = new MessageLog(store, options.MessagesPerDevice, time);
        var feedback = new FeedbackQueue(store, time, Log<FeedbackQueue>());
        var ends = new CloudMessageEnds(store, feedback, time);
        var delivery = new CloudDelivery(ends, time, Log<CloudDelivery>());
        cloud = new CloudMessages(Registry, store, ends, delivery, time);
        amqp = new AmqpServer(tokens, cloud, feedback, throttles, options.HubName, time, Log<AmqpServer>());
        var requests = new DeviceRequests(Registry, methods, messages, time, Log<DeviceRequests>());
        var guard = new DeviceGuard(requests, Faults, throttles, time);
        gateway = new DeviceGateway(mqtt, Registry, new DeviceAuthenticator(tokens, Authorities, time), guard, delivery, Faults, time, Log<DeviceGateway>());

        var jobBook = new JobBook(store, time);
        var queries = new QueryRun(Registry, () => jobBook.Rows);
        var pace = new OperationPace(options.JobOperationsPerSecond, time);
        jobs = new JobScheduler(jobBook, new JobRun(jobBook, Registry, queries, methods, pace, throttles, time), options.JobsAtOnce, time, Log<JobScheduler>());
        var configurationBook = new ConfigurationBook(store, time);
        var configurationRun = new ConfigurationRun(configurationBook, Registry, queries, store, Log<ConfigurationRun>());
        configurations = new ConfigurationScheduler(configurationRun, options.ConfigurationInterval, time, Log<ConfigurationScheduler>());

        events = new EventLog(time);
        new EventSources(events).Watch(Registry, gateway, methods, messages);
        router = await MessageRouter.StartAsync(options.Routes, messages, events, time, Log<MessageRouter>());

        var api = new RestApi(tokens, [new RestThrottle(throttles), new RestFaults(Faults, time)], time, Log<RestApi>());
        new DeviceEndpoints(Registry, gateway, time).Map(api, web);
        new BulkEndpoints(Registry, time).Map(api, web);
        BlobJobEndpoints.Map(api, web);
        new TwinEndpoints(Registry, methods).Map(api, web);
        new QueryEndpoints(queries).Map(api, web);
        new JobEndpoints(jobBook, jobs, time).Map(api, web);
        new ConfigurationEndpoints(configurationBook, configurations, Registry).Map(api, web);
        new PolicyEndpoints(Policies).Map(api, web);
        new CertificateEndpoints(Authorities).Map(api, web);
        new MessageEndpoints(Registry, messages).Map(api, web);
        new CloudReceiveEndpoints(Registry, cloud, tokens).Map(api, web);
        new CloudMessageEndpoints(Registry, cloud, feedback).Map(api, web);
        new RouteEndpoints(router).Map(api, web);
        new EventEndpoints(events, time).Map(api, web);
        new FaultEndpoints(Faults, options.AllowFaults).Map(api, web);
        WebSocketHandler.Map(web);
        if (provisioning is not null)
        {
            Enrollments enrollments = await provisioning.StartAsync(
                store, Authorities, [Target, .. options.LinkedHubs.Select(hub => hub.Target)], options.IdScope, time, Log<ProvisioningGateway>());
            new EnrollmentEndpoints(enrollments).Map(api, web);
        }

        web.MapFallback("{**path}", api.RefuseUnknownAsync);
    }

    /// <summary>Listens, and takes up what was left to do.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await mqtt!.StartAsync();
        await application!.StartAsync(cancellationToken);
        started = true;
        jobs!.Start();
        configurations!.Start();
    }

    /// <summary>Closes all links, writes what was taken, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await (jobs?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (configurations?.DisposeAsync() ?? ValueTask.CompletedTask);
        gateway?.Dispose();
        amqp?.Dispose();
        cloud?.Dispose();
        await (provisioning?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (mqtt?.StopAsync(new MqttServerStopOptions()) ?? Task.CompletedTask);
        events?.Close();
        if (application is not null)
        {
            if (started)
            {
                using var limit = new CancellationTokenSource(StopLimit);
                await application.StopAsync(limit.Token);
            }

            await application.DisposeAsync();
        }

        await (router?.DisposeAsync() ?? ValueTask.CompletedTask);
        mqtt?.Dispose();
        store?.Dispose();
        certificate?.Dispose();
        logs.Dispose();
    }

    private WebApplication BuildWeb()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mdm-hub" });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton(adapter);
        builder.Services.AddSingleton<Func<AmqpServer>>(() => amqp!);
        builder.Services.AddSingleton<AmqpConnectionHandler>();
        builder.Services.AddRoutingCore();
        builder.Services.AddConnections();
        Listeners.Configure(builder.WebHost, provisioning);
        return builder.Build();
    }

    private ILogger<T> Log<T>() => logs.CreateLogger<T>();

    // A device that is assigned here has no gateway's name to go by: the port is said where it is not the standard one.
    private static string AddressOf(string hubName, int port) => port == 8883 ? hubName : new HubEndpoint(hubName, port).ToString();
}
