using System.Collections.Concurrent;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>
/// Tells when the broker has sent the PUBACK of a publish. The broker queues it only after the publish was handled, so that what is sent while handling
/// would overtake it; what waits here goes out behind it.
/// </summary>
internal sealed class Acknowledgements
{
    private readonly ConcurrentDictionary<string, ushort> handled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string ClientId, ushort Packet), TaskCompletionSource> waiting = new();

    public Acknowledgements(MqttServer server)
    {
        server.InterceptingInboundPacketAsync += OnInboundAsync;
        server.InterceptingOutboundPacketAsync += OnOutboundAsync;
        server.ClientDisconnectedAsync += OnDisconnectedAsync;
    }

    /// <summary>Ends once the PUBACK of the publish that is being handled for this client is on its way, or its link has ended.</summary>
    public Task OfCurrent(string clientId) => handled.TryGetValue(clientId, out ushort packet) && waiting.TryGetValue((clientId, packet), out TaskCompletionSource? sent)
        ? sent.Task
        : Task.CompletedTask;

    private Task OnInboundAsync(InterceptingPacketEventArgs e)
    {
        if (e.Packet is MqttPublishPacket { QualityOfServiceLevel: MqttQualityOfServiceLevel.AtLeastOnce } publish)
        {
            handled[e.ClientId] = publish.PacketIdentifier;
            waiting[(e.ClientId, publish.PacketIdentifier)] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        else if (e.Packet is MqttPublishPacket)
        {
            handled.TryRemove(e.ClientId, out _);
        }

        return Task.CompletedTask;
    }

    private Task OnOutboundAsync(InterceptingPacketEventArgs e)
    {
        if (e.Packet is MqttPubAckPacket acknowledgement && waiting.TryRemove((e.ClientId, acknowledgement.PacketIdentifier), out TaskCompletionSource? sent))
        {
            sent.TrySetResult();
        }

        return Task.CompletedTask;
    }

    private Task OnDisconnectedAsync(ClientDisconnectedEventArgs e)
    {
        handled.TryRemove(e.ClientId, out _);
        foreach ((string ClientId, ushort Packet) key in waiting.Keys.Where(k => k.ClientId == e.ClientId))
        {
            if (waiting.TryRemove(key, out TaskCompletionSource? sent))
            {
                sent.TrySetResult();
            }
        }

        return Task.CompletedTask;
    }
}
