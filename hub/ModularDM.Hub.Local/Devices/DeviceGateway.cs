using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Faults;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Devices;

/// <summary>
/// The device side's connections: who may connect, what may be subscribed, and when a link ends. The broker below carries packets and sessions; it routes
/// nothing, since its own fan-out looks at every session for every message.
/// </summary>
internal sealed partial class DeviceGateway : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<EndPoint, DeviceConnection> accepted = new();
    private readonly LinkEnds ends;
    private readonly DeviceRegistry registry;
    private readonly DeviceAuthenticator authenticator;
    private readonly DeviceGuard guard;
    private readonly CloudDelivery cloud;
    private readonly HubFaults faults;
    private readonly TimeProvider time;
    private readonly ILogger<DeviceGateway> logger;
    private readonly ITimer sweep;

    public DeviceGateway(
        MqttServer server,
        DeviceRegistry registry,
        DeviceAuthenticator authenticator,
        DeviceGuard guard,
        CloudDelivery cloud,
        HubFaults faults,
        TimeProvider time,
        ILogger<DeviceGateway> logger)
    {
        this.registry = registry;
        this.authenticator = authenticator;
        this.guard = guard;
        this.cloud = cloud;
        this.faults = faults;
        this.time = time;
        this.logger = logger;
        ends = new LinkEnds(server, registry, time, logger);
        server.ValidatingConnectionAsync += OnValidatingAsync;
        server.ClientConnectedAsync += OnConnectedAsync;
        server.ClientDisconnectedAsync += OnDisconnectedAsync;
        server.InterceptingSubscriptionAsync += OnSubscribingAsync;
        server.InterceptingUnsubscriptionAsync += OnUnsubscribingAsync;
        server.InterceptingPublishAsync += OnPublishAsync;
        server.InterceptingInboundPacketAsync += OnReceivedAsync;
        server.InterceptingOutboundPacketAsync += OnSendingAsync;
        registry.Expelled += ends.Expel;
        registry.DesiredChanged += Notify;
        sweep = time.CreateTimer(_ => Sweep(), null, HubChoices.TokenSweep, HubChoices.TokenSweep);
    }

    /// <summary>Called with a device that is now connected.</summary>
    public event Action<Device>? LinkUp;

    /// <summary>Called with a device whose link has ended, and why.</summary>
    public event Action<Device, string>? LinkDown;

    /// <summary>How many devices are connected.</summary>
    public int ConnectedCount => registry.Devices.Count(d => d.Connection is not null);

    public void Dispose() => sweep.Dispose();

    private async Task OnValidatingAsync(ValidatingConnectionEventArgs e)
    {
        string? why = null;
        e.ReasonCode = await guard.AdmitAsync(e.RemoteEndPoint, e.ClientId ?? "") ?? Validate(e, out why);
        if (e.ReasonCode != MqttConnectReasonCode.Success)
        {
            Refused(e.ClientId ?? "", e.ReasonCode, why);
        }
    }

    private MqttConnectReasonCode Validate(ValidatingConnectionEventArgs e, out string? why)
    {
        why = null;
        if (e.ProtocolVersion != MqttProtocolVersion.V311)
        {
            return MqttConnectReasonCode.UnsupportedProtocolVersion;
        }

        if (!MqttUserName.TryParse(e.UserName, out MqttUserName? user)
            || !DeviceIdentity.IsValidId(user.DeviceId) || !(user.ModuleId is null || DeviceIdentity.IsValidId(user.ModuleId))
            || e.ClientId != (user.ModuleId is null ? user.DeviceId : $"{user.DeviceId}/{user.ModuleId}"))
        {
            return MqttConnectReasonCode.ClientIdentifierNotValid;
        }

        // A stranger learns only that the answer is no; the reason is for the operator.
        DateTimeOffset expiry = default;
        why = registry.Find(e.ClientId) is not { } device ? "It is not registered."
            : !registry.MayConnect(device) ? "It is disabled."
            : authenticator.Refuse(device.Identity, e.Password, e.ClientCertificate, out expiry);
        if (why is not null)
        {
            return MqttConnectReasonCode.NotAuthorized;
        }

        accepted[e.RemoteEndPoint] = new DeviceConnection(e.ClientId, e.RemoteEndPoint, time.GetUtcNow(), expiry, faults)
        {
            CleanSession = e.CleanSession ?? true,
            KeepAlive = e.KeepAlivePeriod ?? 0,
            ModelId = user.ModelId,
        };
        return MqttConnectReasonCode.Success;
    }

    private Task OnConnectedAsync(ClientConnectedEventArgs e)
    {
        if (accepted.TryRemove(e.RemoteEndPoint, out DeviceConnection? connection) && registry.Find(connection.DeviceId) is { } device)
        {
            lock (device.Gate)
            {
                device.Connection = connection;
                device.ConnectionStateUpdated = device.LastActivity = time.GetUtcNow();
            }

            registry.SetModel(device, connection.ModelId);
            Connected(connection.DeviceId);
            LinkUp?.Invoke(device);
            cloud.Connected(device, connection);

            // The device may have been disabled between the check and now.
            if (!registry.MayConnect(device))
            {
                ends.Expel(device);
            }
        }

        return Task.CompletedTask;
    }

    private Task OnDisconnectedAsync(ClientDisconnectedEventArgs e)
    {
        // After a takeover the device already has its next link: only the link that ended is taken away.
        if (registry.Find(e.ClientId) is { } device)
        {
            lock (device.Gate)
            {
                if (device.Connection is { } connection && connection.Remote.Equals(e.RemoteEndPoint))
                {
                    device.Connection = null;
                    device.ConnectionStateUpdated = time.GetUtcNow();
                    Disconnected(device.Id, e.DisconnectType);
                    LinkDown?.Invoke(device, connection.CloseReason ?? e.DisconnectType switch
                    {
                        MqttClientDisconnectType.Clean => "closedByDevice",
                        MqttClientDisconnectType.Takeover => "takenOver",
                        _ => "lost",
                    });
                }
            }
        }

        return Task.CompletedTask;
    }

    private Task OnSubscribingAsync(InterceptingSubscriptionEventArgs e)
    {
        e.ProcessSubscription = false;
        e.Response.ReasonCode = HubChoices.RefusedFilter;
        if (registry.Find(e.ClientId) is { Connection: { } connection } device)
        {
            bool tookMethods = connection.TakesMethods;
            if (connection.TrySubscribe(e.TopicFilter.Topic, e.Session))
            {
                e.Response.ReasonCode = e.TopicFilter.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce
                    ? MqttSubscribeReasonCode.GrantedQoS0
                    : MqttSubscribeReasonCode.GrantedQoS1;
                if (e.TopicFilter.Topic == MqttTopics.DeviceBoundFilter(device.Id))
                {
                    cloud.Subscribed(device, new CloudSubscription(e.Session, e.TopicFilter.QualityOfServiceLevel));
                }
            }

            if (!tookMethods && connection.TakesMethods)
            {
                device.SignalOnline();
            }
        }

        return Task.CompletedTask;
    }

    private Task OnUnsubscribingAsync(InterceptingUnsubscriptionEventArgs e)
    {
        e.ProcessUnsubscription = false;
        if (registry.Find(e.ClientId) is { Connection: { } connection } device)
        {
            connection.Unsubscribe(e.Topic);
            if (e.Topic == MqttTopics.DeviceBoundFilter(device.Id))
            {
                lock (device.Gate)
                {
                    device.CloudQueue.Subscription = null;
                }
            }
        }

        return Task.CompletedTask;
    }

    private async Task OnPublishAsync(InterceptingPublishEventArgs e)
    {
        e.ProcessPublish = false;
        if (registry.Find(e.ClientId) is not { } device
            || e.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.ExactlyOnce
            || !await guard.TryHandleAsync(device, e.ApplicationMessage))
        {
            e.CloseConnection = true;
            LinkEnds.Because(registry.Find(e.ClientId), "badPublish");
            BadPublish(e.ClientId, e.ApplicationMessage.Topic, e.ApplicationMessage.QualityOfServiceLevel);
        }
    }

    private Task OnReceivedAsync(InterceptingPacketEventArgs e)
    {
        if (e.Packet is MqttPublishPacket publish)
        {
            publish.CorrelationData = DeviceRequests.Received;
        }

        if (registry.Find(e.ClientId) is { Connection: { } connection } device && connection.Remote.Equals(e.RemoteEndPoint))
        {
            connection.LastReceived = time.GetUtcNow();
            if (e.Packet is MqttPubAckPacket acknowledgement)
            {
                cloud.Acknowledged(device, acknowledgement.PacketIdentifier);
            }
        }

        return Task.CompletedTask;
    }

    private static Task OnSendingAsync(InterceptingPacketEventArgs e)
    {
        CloudPacket.Stamp(e.Packet);
        return Task.CompletedTask;
    }

    private void Notify(Device device, JsonElement patch, long version)
    {
        if (device.Connection is { TakesDesired: true } connection)
        {
            connection.TrySend(MqttTopics.DesiredPatch(version), TwinChange.Notification(patch, version));
        }
    }

    private void Sweep()
    {
        ends.Sweep();
        DateTimeOffset now = time.GetUtcNow();
        foreach ((EndPoint remote, DeviceConnection connection) in accepted)
        {
            if (now > connection.Accepted + ConnectLimit)
            {
                accepted.TryRemove(remote, out _);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {DeviceId} connected")]
    private partial void Connected(string deviceId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {DeviceId} disconnected ({How})")]
    private partial void Disconnected(string deviceId, MqttClientDisconnectType how);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection as '{ClientId}' was refused: {Reason}. {Why}")]
    private partial void Refused(string clientId, MqttConnectReasonCode reason, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId} published to '{Topic}' with {Qos}, which the hub does not take; its link is closed")]
    private partial void BadPublish(string deviceId, string topic, MqttQualityOfServiceLevel qos);
}
