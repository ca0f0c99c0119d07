using Microsoft.Extensions.Logging;
using ModularDM.Hub.Local.Registry;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace ModularDM.Hub.Local.Devices;

/// <summary>Ends links for a reason of the hub's, and remembers the reason for those who hear of the end.</summary>
internal sealed partial class LinkEnds(MqttServer server, DeviceRegistry registry, TimeProvider time, ILogger logger)
{
    /// <summary>Ends the link of a device that may not have one any more.</summary>
    public void Expel(Device device) => Expel(device, device.Removed ? "removed" : "disabled");

    private void Expel(Device device, string reason)
    {
        Because(device, reason);
        _ = CloseAsync(device.Id);
    }

    /// <summary>Says why the link of a device is about to end.</summary>
    public static void Because(Device? device, string reason)
    {
        if (device?.Connection is { } connection)
        {
            connection.CloseReason = reason;
        }
    }

    private async Task CloseAsync(string deviceId)
    {
        try
        {
            await server.DisconnectClientAsync(deviceId, new MqttServerClientDisconnectOptions { ReasonCode = MqttDisconnectReasonCode.AdministrativeAction });
        }
        catch (Exception e)
        {
            // The link may just have gone by itself, which is what was wanted.
            CloseFailed(deviceId, e);
        }
    }

    /// <summary>Ends links whose token or certificate has ended, and those that are silent for too long.</summary>
    public void Sweep()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (Device device in registry.All)
        {
            if (device.Connection is { } connection && now > connection.TokenExpiry + HubChoices.TokenGrace)
            {
                TokenEnded(device.Id);
                Expel(device, "tokenEnded");
            }
            else if (device.Connection is { KeepAlive: 0 or > HubChoices.MaxKeepAlive } silent && now > silent.LastReceived + HubChoices.MaxSilence)
            {
                Silent(device.Id);
                Expel(device, "silent");
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The token or certificate of device {DeviceId} has ended; its link is closed")]
    private partial void TokenEnded(string deviceId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId} was silent for too long; its link is closed")]
    private partial void Silent(string deviceId);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Closing the link of device {DeviceId} failed")]
    private partial void CloseFailed(string deviceId, Exception cause);
}
