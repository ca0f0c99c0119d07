using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
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

/// <summary>A running local hub: IoT Hub's device side on MQTT over TLS and its service side on HTTPS.</summary>
public sealed class LocalHub : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromMilliseconds(400);
    private readonly WebApplication application;
    private readonly MqttServer mqtt;
    private readonly DeviceGateway gateway;
    private readonly CloudMessages cloud;
    private readonly AmqpServer amqp;
    private readonly EventLog events;
    private readonly MessageRouter router;
    private readonly HubStore store;
    private readonly X509Certificate2 certificate;
    private readonly DeviceRegistry registry;
    private readonly HubPolicies policies;
    private readonly JobScheduler jobs;
    private readonly HubFaults faults;
    private readonly ConfigurationScheduler configurations;
    private readonly LocalHubOptions options;
    private readonly ProvisioningService? provisioning;
    private int disposed;

    private LocalHub(LocalHubOptions options, Parts parts)
    {
        this.options = options;
        application = parts.Application;
        mqtt = parts.Mqtt;
        gateway = parts.Gateway;
        cloud = parts.Cloud;
        amqp = parts.Amqp;
        events = parts.Events;
        router = parts.Router;
        store = parts.Store;
        certificate = parts.Certificate;
        registry = parts.Registry;
        policies = parts.Policies;
        jobs = parts.Jobs;
        faults = parts.Faults;
        configurations = parts.Configurations;
        FirstStart = parts.FirstStart;
        MqttPort = parts.MqttListener!.IPEndPoint!.Port;
        HttpsPort = parts.HttpsListener!.IPEndPoint!.Port;
        provisioning = parts.Provisioning;
        DpsPort = parts.DpsListener?.IPEndPoint!.Port;
        AmqpPort = parts.AmqpListener?.IPEndPoint!.Port;
    }

    /// <summary>The address to connect to.</summary>
    public string Host => options.Bind switch { "0.0.0.0" => "127.0.0.1", "::" => "::1", _ => options.Bind };

    /// <summary>Where devices connect.</summary>
    public int MqttPort { get; }

    /// <summary>Where services connect.</summary>
    public int HttpsPort { get; }

    /// <summary>Where devices ask the provisioning service for their hub, if it runs.</summary>
    public int? DpsPort { get; }

    /// <summary>The id scope of the provisioning service.</summary>
    public string IdScope => options.IdScope;

    /// <summary>The connection string of the provisioning service's policy.</summary>
    public string ProvisioningConnectionString => GetServiceConnectionString("provisioningserviceowner");

    /// <summary>Where services send messages to devices, if the hub listens there.</summary>
    public int? AmqpPort { get; }

    /// <summary>The certificate that clients must trust, PEM.</summary>
    public string CaFile => Path.GetFullPath(HubCertificates.AuthorityFile(options.DataFolder));

    /// <summary>Whether this start made the hub's keys.</summary>
    public bool FirstStart { get; }

    /// <summary>The connection string of the policy that may do everything.</summary>
    public string ServiceConnectionString => GetServiceConnectionString("iothubowner");

    /// <summary>The devices that there are.</summary>
    public IReadOnlyList<string> DeviceIds => [.. registry.Devices.Select(d => d.Id).Order(StringComparer.Ordinal)];

    internal ProvisioningTarget Target => new(options.HubName, () => AddressOf(options.HubName, MqttPort), registry);

    /// <summary>The faults to inject.</summary>
    /// <exception cref="InvalidOperationException">They are not allowed (<see cref="LocalHubOptions.AllowFaults"/>).</exception>
    public HubFaults Faults => options.AllowFaults ? faults : throw new InvalidOperationException("Faults are switched off. Start the hub with LocalHubOptions.AllowFaults.");

    /// <summary>Starts a hub; it listens when this returns.</summary>
    /// <exception cref="LocalHubStartException">A port is taken, or the data folder cannot be used.</exception>
    public static async Task<LocalHub> StartAsync(LocalHubOptions options, CancellationToken cancellationToken = default)
    {
        IPAddress bind = AddressOf(options.Bind);
        IPAddress dpsBind = options.DpsBind is null ? bind : AddressOf(options.DpsBind);

        var parts = new Parts();
        try
        {
            await parts.BuildAsync(options, bind, dpsBind);
            await RegisterAuthoritiesAsync(parts.Authorities, options.CaCertificates);
            foreach (string id in options.Devices)
            {
                await EnsureDeviceAsync(parts.Registry, id, options.TimeProvider);
            }

            await parts.Mqtt.StartAsync();
            await parts.Application.StartAsync(cancellationToken);
            parts.Jobs.Start();
            parts.Configurations.Start();
            return new LocalHub(options with { Bind = bind.ToString() }, parts);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException || e.InnerException is System.Net.Sockets.SocketException)
        {
            await parts.DisposeAsync();
            throw LocalHubStartException.PortTaken(options, e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            await parts.DisposeAsync();
            throw LocalHubStartException.PortTaken(options, e);
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a device if it does not exist.</summary>
    /// <returns>Its connection string.</returns>
    /// <exception cref="ArgumentException">The id is not one of a device.</exception>
    public async Task<string> CreateDeviceAsync(string deviceId)
    {
        await EnsureDeviceAsync(registry, deviceId, options.TimeProvider);
        return GetDeviceConnectionString(deviceId);
    }

    /// <summary>Creates a module of a device if it does not exist.</summary>
    /// <returns>Its connection string.</returns>
    /// <exception cref="ArgumentException">The id is not one of a module.</exception>
    /// <exception cref="KeyNotFoundException">There is no such device.</exception>
    public async Task<string> CreateModuleAsync(string deviceId, string moduleId)
    {
        if (!DeviceIdentity.IsValidId(moduleId))
        {
            throw new ArgumentException($"'{moduleId}' is not a module id.", nameof(moduleId));
        }

        Device device = registry.Find(deviceId) ?? throw new KeyNotFoundException($"There is no device '{deviceId}'.");
        if (!device.Modules.ContainsKey(moduleId))
        {
            await registry.CreateAsync(DeviceIdentity.New(deviceId, options.TimeProvider.GetUtcNow(), moduleId));
        }

        return GetDeviceConnectionString($"{deviceId}/{moduleId}");
    }

    /// <summary>Creates a device that authenticates with a client certificate, or makes one of a device that exists.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="thumbprint">
    /// The SHA-1 or SHA-256 of its certificate in hexadecimal; <see langword="null"/> for any certificate whose common name is the device's id and whose
    /// authority is registered with the hub.
    /// </param>
    /// <returns>Its connection string.</returns>
    /// <exception cref="ArgumentException">The id is not one of a device, or the thumbprint not one of a certificate.</exception>
    public async Task<string> CreateX509DeviceAsync(string deviceId, string? thumbprint = null)
    {
        string? normal = null;
        if (thumbprint is not null && !DeviceAuthentication.TryReadThumbprint(thumbprint, out normal))
        {
            throw new ArgumentException("The thumbprint must be the SHA-1 (40 digits) or SHA-256 (64 digits) of a certificate in hexadecimal.", nameof(thumbprint));
        }

        await EnsureDeviceAsync(registry, deviceId, options.TimeProvider);
        DeviceAuthentication authentication = normal is null ? DeviceAuthentication.CertificateAuthority() : DeviceAuthentication.SelfSigned(normal, null);
        await registry.UpdateAsync(registry.Get(deviceId), "*", identity => identity with { Authentication = authentication });
        return GetDeviceConnectionString(deviceId);
    }

    /// <summary>The connection string of a device, or of a module as <c>{device}/{module}</c>: with its key, or with <c>x509=true</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such device.</exception>
    public string GetDeviceConnectionString(string deviceId)
    {
        DeviceIdentity identity = (registry.Find(deviceId) ?? throw new KeyNotFoundException($"There is no device '{deviceId}'.")).Identity;
        DeviceAuthentication authentication = identity.Authentication;
        return new HubConnectionString
        {
            HostName = options.HubName,
            DeviceId = identity.DeviceId,
            ModuleId = identity.ModuleId,
            SharedAccessKey = authentication.PrimaryKey,
            UseX509 = authentication.Type is AuthenticationType.SelfSigned or AuthenticationType.CertificateAuthority,
            GatewayHostName = new HubEndpoint(Host, MqttPort).ToString(),
        }.ToConnectionString();
    }

    /// <summary>The connection string of a policy: iothubowner, service, device, registryRead or registryReadWrite.</summary>
    /// <exception cref="KeyNotFoundException">There is no such policy.</exception>
    public string GetServiceConnectionString(string policyName) => new HubConnectionString
    {
        HostName = options.HubName,
        SharedAccessKeyName = policyName,
        SharedAccessKey = policies[policyName].Key,
        GatewayHostName = new HubEndpoint(Host, HttpsPort).ToString(),
    }.ToConnectionString();

    /// <summary>Closes all links, writes what was taken, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await jobs.DisposeAsync();
        await configurations.DisposeAsync();
        gateway.Dispose();
        amqp.Dispose();
        cloud.Dispose();
        if (provisioning is not null)
        {
            await provisioning.DisposeAsync();
        }

        await mqtt.StopAsync(new MqttServerStopOptions());
        events.Close();
        using (var limit = new CancellationTokenSource(StopLimit))
        {
            await application.StopAsync(limit.Token);
        }

        await application.DisposeAsync();
        await router.DisposeAsync();
        mqtt.Dispose();
        store.Dispose();
        certificate.Dispose();
    }

    // A device that is assigned here has no gateway's name to go by: the port is said where it is not the standard one.
    private static string AddressOf(string hubName, int port) => port == 8883 ? hubName : new HubEndpoint(hubName, port).ToString();

    private static async Task RegisterAuthoritiesAsync(CertificateAuthorities authorities, IReadOnlyList<string> files)
    {
        foreach (string file in files)
        {
            try
            {
                await authorities.SaveAsync(Path.GetFileNameWithoutExtension(file), authorities.Read(await File.ReadAllTextAsync(file)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or HubRefusalException)
            {
                throw LocalHubStartException.BadCertificate(file, e.Message);
            }
        }
    }

    private static IPAddress AddressOf(string text) =>
        IPAddress.TryParse(text == "localhost" ? "127.0.0.1" : text, out IPAddress? address) ? address : throw LocalHubStartException.BadBind(text);

    private static async Task EnsureDeviceAsync(DeviceRegistry registry, string id, TimeProvider time)
    {
        if (!DeviceIdentity.IsValidId(id))
        {
            throw new ArgumentException($"'{id}' is not a device id.", nameof(id));
        }

        if (registry.Find(id) is null)
        {
            await registry.CreateAsync(DeviceIdentity.New(id, time.GetUtcNow()));
        }
    }

    /// <summary>The parts of a hub while it is put together.</summary>
    private sealed class Parts : IAsyncDisposable
    {
        public WebApplication Application { get; private set; } = null!;

        public MqttServer Mqtt { get; private set; } = null!;

        public DeviceGateway Gateway { get; private set; } = null!;

        public CloudMessages Cloud { get; private set; } = null!;

        public FeedbackQueue Feedback { get; private set; } = null!;

        public AmqpServer Amqp { get; private set; } = null!;

        public EventLog Events { get; private set; } = null!;

        public MessageRouter Router { get; private set; } = null!;

        public HubStore Store { get; private set; } = null!;

        public X509Certificate2 Certificate { get; private set; } = null!;

        public DeviceRegistry Registry { get; private set; } = null!;

        public JobScheduler Jobs { get; private set; } = null!;

        public ConfigurationScheduler Configurations { get; private set; } = null!;

        public HubPolicies Policies { get; private set; } = null!;

        public CertificateAuthorities Authorities { get; private set; } = null!;

        public HubFaults Faults { get; private set; } = null!;

        public bool FirstStart { get; private set; }

        public ListenOptions? MqttListener { get; private set; }

        public ListenOptions? HttpsListener { get; private set; }

        public ProvisioningService? Provisioning { get; private set; }

        public ListenOptions? DpsListener { get; private set; }

        public ListenOptions? AmqpListener { get; private set; }

        public async Task BuildAsync(LocalHubOptions options, IPAddress bind, IPAddress dpsBind)
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mdm-hub" });
            options.Logging?.Invoke(builder.Logging);
            Provisioning = options.DpsPort is null ? null : new ProvisioningService();
            var adapter = new MqttConnectionHandler();
            builder.Services.AddSingleton(adapter);
            builder.Services.AddSingleton<AmqpTransports>();
            builder.Services.AddSingleton<AmqpConnectionHandler>();
            builder.Services.AddRoutingCore();
            builder.Services.AddConnections();
            string[] names = [options.HubName, "localhost", "127.0.0.1", "::1", bind.ToString(), dpsBind.ToString(), Dns.GetHostName()];
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = RestApi.MaxBodyBytes;
                kestrel.Listen(bind, options.MqttPort, listen =>
                    (MqttListener = Secure(listen, options.AllowFaults, isDevice: true))
                        .Use(next => connection => ProtocolVersionGate.RunAsync(connection, TimeProvider.System, next)).UseMqtt());
                kestrel.Listen(bind, options.HttpsPort, listen => HttpsListener = Secure(listen, options.AllowFaults, isDevice: false));
                if (options.AmqpPort is { } amqpPort)
                {
                    kestrel.Listen(
                        bind, amqpPort, listen => (AmqpListener = Secure(listen, withFaults: false, isDevice: false)).UseConnectionHandler<AmqpConnectionHandler>());
                }

                if (Provisioning is not null)
                {
                    kestrel.Listen(dpsBind, options.DpsPort!.Value, listen => Provisioning.Serve(DpsListener = Secure(listen, withFaults: false, isDevice: true)));
                }
            });
            builder.WebHost.UseKestrelHttpsConfiguration();
            Application = builder.Build();

            ILoggerFactory logs = Application.Services.GetRequiredService<ILoggerFactory>();
            TimeProvider time = options.TimeProvider;
            Store = HubStore.Open(options.DataFolder, logs.CreateLogger<HubStore>());
            Certificate = HubCertificates.CreateServer(options.DataFolder, names, TimeProvider.System.GetUtcNow());
            (Policies, FirstStart) = await HubPolicies.LoadAsync(Store);
            Registry = new DeviceRegistry(Store, time, options.ReplaceMarksRemoved);
            MqttServerOptions broker = new MqttServerOptionsBuilder().WithoutDefaultEndpoint().WithPersistentSessions().WithMaxPendingMessagesPerClient(1000).Build();
            Mqtt = new MqttServer(broker, [adapter], MqttNetNullLogger.Instance);

            Faults = new HubFaults(time, logs.CreateLogger<HubFaults>());
            var throttles = new HubThrottles(options.Throttle, time, logs.CreateLogger<HubThrottles>());
            var tokens = new HubTokens(Policies, names, new FaultTime(time, Faults));
            var methods = new MethodInvoker(time);
            var messages = new MessageLog(Store, options.MessagesPerDevice, time);
            var requests = new DeviceRequests(Registry, methods, messages, time, logs.CreateLogger<DeviceRequests>());
            Authorities = new CertificateAuthorities(Store, time);
            var authenticator = new DeviceAuthenticator(tokens, Authorities, time);
            Feedback = new FeedbackQueue(Store, time, logs.CreateLogger<FeedbackQueue>());
            Cloud = new CloudMessages(Registry, Store, Feedback, time, logs.CreateLogger<CloudMessages>());
            var guard = new DeviceGuard(requests, Faults, throttles, time);
            Gateway = new DeviceGateway(Mqtt, Registry, authenticator, guard, Cloud, Faults, time, logs.CreateLogger<DeviceGateway>());

            var jobs = new JobBook(Store, time);
            var queries = new QueryRun(Registry, () => jobs.Rows);
            var pace = new OperationPace(options.JobOperationsPerSecond, time);
            Jobs = new JobScheduler(jobs, new JobRun(jobs, Registry, queries, methods, pace, time), options.JobsAtOnce, time, logs.CreateLogger<JobScheduler>());

            Events = new EventLog(time);
            new EventSources(Events).Watch(Registry, Gateway, methods, messages);
            var configurations = new ConfigurationBook(Store, time);
            var configurationRun = new ConfigurationRun(configurations, Registry, queries, Store, logs.CreateLogger<ConfigurationRun>());
            Configurations = new ConfigurationScheduler(configurationRun, options.ConfigurationInterval, time, logs.CreateLogger<ConfigurationScheduler>());

            var api = new RestApi(tokens, [new RestThrottle(throttles), new RestFaults(Faults, time)], time, logs.CreateLogger<RestApi>());
            new DeviceEndpoints(Registry, Gateway, time).Map(api, Application);
            new BulkEndpoints(Registry, time).Map(api, Application);
            BlobJobEndpoints.Map(api, Application);
            new TwinEndpoints(Registry, methods).Map(api, Application);
            new QueryEndpoints(queries).Map(api, Application);
            new JobEndpoints(jobs, Jobs, time).Map(api, Application);
            new PolicyEndpoints(Policies).Map(api, Application);
            new CertificateEndpoints(Authorities).Map(api, Application);
            Router = await MessageRouter.StartAsync(options.Routes, messages, Events, time, logs.CreateLogger<MessageRouter>());
            new RouteEndpoints(Router).Map(api, Application);
            new EventEndpoints(Events, time).Map(api, Application);
            new ConfigurationEndpoints(configurations, Configurations, Registry).Map(api, Application);
            new MessageEndpoints(Registry, messages).Map(api, Application);
            new CloudReceiveEndpoints(Registry, Cloud, tokens).Map(api, Application);
            new CloudMessageEndpoints(Registry, Cloud, Feedback).Map(api, Application);
            Amqp = new AmqpServer(Application.Services.GetRequiredService<AmqpTransports>(), tokens, Cloud, Feedback, options.HubName, time, logs.CreateLogger<AmqpServer>());
            Amqp.Open();
            WebSocketHandler.Map(Application);
            new FaultEndpoints(Faults, options.AllowFaults).Map(api, Application);
            if (Provisioning is not null)
            {
                var own = new ProvisioningTarget(options.HubName, () => AddressOf(options.HubName, MqttListener!.IPEndPoint!.Port), Registry);
                Enrollments enrollments = await Provisioning.StartAsync(
                    Store, Authorities, [own, .. options.LinkedHubs.Select(hub => hub.Target)], options.IdScope, time, logs.CreateLogger<ProvisioningGateway>());
                new EnrollmentEndpoints(enrollments).Map(api, Application);
            }

            Application.MapFallback("{**path}", api.RefuseUnknownAsync);
        }

        public async ValueTask DisposeAsync()
        {
            await (Jobs?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (Configurations?.DisposeAsync() ?? ValueTask.CompletedTask);
            Gateway?.Dispose();
            Amqp?.Dispose();
            Cloud?.Dispose();
            if (Provisioning is not null)
            {
                await Provisioning.DisposeAsync();
            }

            if (Mqtt is not null)
            {
                await Mqtt.StopAsync(new MqttServerStopOptions());
                Mqtt.Dispose();
            }

            if (Router is not null)
            {
                await Router.DisposeAsync();
            }

            if (Application is not null)
            {
                await Application.DisposeAsync();
            }

            Store?.Dispose();
            Certificate?.Dispose();
        }

        private ListenOptions Secure(ListenOptions listen, bool withFaults, bool isDevice)
        {
            if (withFaults)
            {
                listen.Use(next => connection => Faults.Links.ServeAsync(connection, next, isDevice));
            }

            listen.UseHttps(https =>
            {
                https.ServerCertificateSelector = (_, _) => Certificate;
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                if (isDevice)
                {
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = static (certificate, chain, _) => ClientCertificate.Keep(certificate, chain);

                    // A stranger's certificate names where to fetch its issuer and its revocations: the hub does not go there.
                    https.OnAuthenticate = static (_, ssl) => ssl.CertificateChainPolicy = new X509ChainPolicy
                    {
                        DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck,
                    };
                }
            });
            return listen;
        }
    }
}
