using System.Net;
using Microsoft.AspNetCore.Connections;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Provisioning;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local;

/// <summary>A running local hub: IoT Hub's device side on MQTT over TLS and its service side on HTTPS.</summary>
public sealed class LocalHub : IAsyncDisposable
{
    private readonly HubParts parts;
    private readonly LocalHubOptions options;
    private int disposed;

    private LocalHub(LocalHubOptions options, HubParts parts)
    {
        this.options = options;
        this.parts = parts;
    }

    /// <summary>The address to connect to.</summary>
    public string Host => options.Bind switch { "0.0.0.0" => "127.0.0.1", "::" => "::1", _ => options.Bind };

    /// <summary>Where devices connect.</summary>
    public int MqttPort => parts.Listeners.MqttPort;

    /// <summary>Where services connect.</summary>
    public int HttpsPort => parts.Listeners.HttpsPort;

    /// <summary>Where devices ask the provisioning service for their hub, if it runs.</summary>
    public int? DpsPort => parts.Listeners.DpsPort;

    /// <summary>The id scope of the provisioning service.</summary>
    public string IdScope => options.IdScope;

    /// <summary>The connection string of the provisioning service's policy.</summary>
    public string ProvisioningConnectionString => GetServiceConnectionString("provisioningserviceowner");

    /// <summary>Where services send messages to devices, if the hub listens there.</summary>
    public int? AmqpPort => parts.Listeners.AmqpPort;

    /// <summary>The certificate that clients must trust, PEM.</summary>
    public string CaFile => Path.GetFullPath(HubCertificates.AuthorityFile(options.DataFolder));

    /// <summary>Whether this start made the hub's keys.</summary>
    public bool FirstStart => parts.FirstStart;

    /// <summary>The connection string of the policy that may do everything.</summary>
    public string ServiceConnectionString => GetServiceConnectionString("iothubowner");

    /// <summary>The devices that there are.</summary>
    public IReadOnlyList<string> DeviceIds => [.. parts.Registry.Devices.Select(d => d.Id).Order(StringComparer.Ordinal)];

    internal ProvisioningTarget Target => parts.Target;

    /// <summary>The faults to inject.</summary>
    /// <exception cref="InvalidOperationException">They are not allowed (<see cref="LocalHubOptions.AllowFaults"/>).</exception>
    public HubFaults Faults => options.AllowFaults ? parts.Faults : throw new InvalidOperationException("Faults are switched off. Start the hub with LocalHubOptions.AllowFaults.");

    /// <summary>Starts a hub; it listens when this returns.</summary>
    /// <exception cref="LocalHubStartException">An option is out of its range, a port is taken, or the data folder cannot be used.</exception>
    public static async Task<LocalHub> StartAsync(LocalHubOptions options, CancellationToken cancellationToken = default)
    {
        options.Check();
        IPAddress bind = AddressOf(options.Bind);
        IPAddress dpsBind = options.DpsBind is null ? bind : AddressOf(options.DpsBind);

        var parts = new HubParts(options, bind, dpsBind);
        try
        {
            await parts.BuildAsync();
            await RegisterAuthoritiesAsync(parts.Authorities, options.CaCertificates);
            foreach (string id in options.Devices)
            {
                await EnsureDeviceAsync(parts.Registry, id, options.TimeProvider);
            }

            await parts.StartAsync(cancellationToken);
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
        await EnsureDeviceAsync(parts.Registry, deviceId, options.TimeProvider);
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

        Device device = parts.Registry.Find(deviceId) ?? throw new KeyNotFoundException($"There is no device '{deviceId}'.");
        if (!device.Modules.ContainsKey(moduleId))
        {
            await parts.Registry.CreateAsync(DeviceIdentity.New(deviceId, options.TimeProvider.GetUtcNow(), moduleId));
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

        await EnsureDeviceAsync(parts.Registry, deviceId, options.TimeProvider);
        DeviceAuthentication authentication = normal is null ? DeviceAuthentication.CertificateAuthority() : DeviceAuthentication.SelfSigned(normal, null);
        await parts.Registry.UpdateAsync(parts.Registry.Get(deviceId), "*", identity => identity with { Authentication = authentication });
        return GetDeviceConnectionString(deviceId);
    }

    /// <summary>The connection string of a device, or of a module as <c>{device}/{module}</c>: with its key, or with <c>x509=true</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such device.</exception>
    public string GetDeviceConnectionString(string deviceId)
    {
        DeviceIdentity identity = (parts.Registry.Find(deviceId) ?? throw new KeyNotFoundException($"There is no device '{deviceId}'.")).Identity;
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
        SharedAccessKey = parts.Policies[policyName].Key,
        GatewayHostName = new HubEndpoint(Host, HttpsPort).ToString(),
    }.ToConnectionString();

    /// <summary>Closes all links, writes what was taken, and stops.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref disposed, 1) == 0 ? parts.DisposeAsync() : ValueTask.CompletedTask;

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
}
