using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Routing;
using ModularDM.Hub.Local.Amqp;
using MQTTnet.AspNetCore;

namespace ModularDM.Hub.Local.Devices;

/// <summary>The hub's one WebSocket path: the sub-protocol says whether a device speaks MQTT or a service AMQP.</summary>
internal sealed class WebSocketHandler(MqttConnectionHandler mqtt, AmqpConnectionHandler amqp) : ConnectionHandler
{
    private const string Path = "/$iothub/websocket";
    private const string Mqtt = "mqtt";
    private const string Amqp = "AMQPWSB10";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapConnectionHandler<WebSocketHandler>(Path, transport =>
    {
        transport.Transports = HttpTransportType.WebSockets;
        transport.WebSockets.SubProtocolSelector = offered => offered.Contains(Amqp) ? Amqp : Mqtt;
    });

    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.GetHttpContext()?.WebSockets.WebSocketRequestedProtocols.Contains(Amqp) == true)
        {
            return amqp.OnConnectedAsync(connection);
        }

        // Before anything is read or written: the default is text.
        connection.Features.GetRequiredFeature<ITransferFormatFeature>().ActiveFormat = TransferFormat.Binary;
        return ProtocolVersionGate.RunAsync(connection, TimeProvider.System, mqtt.OnConnectedAsync);
    }
}
