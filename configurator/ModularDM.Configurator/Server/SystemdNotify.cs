using System.Net.Sockets;
using System.Text;

namespace ModularDM.Configurator.Server;

/// <summary>Tells systemd that the service is ready, or stopping (Type=notify).</summary>
internal static class SystemdNotify
{
    public static void Send(string state, ServerLog log)
    {
        string? address = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        try
        {
            // A leading @ stands for the null byte of the abstract name space.
            string path = address[0] == '@' ? "\0" + address[1..] : address;
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e)
        {
            log.Warning("NotifyFailed", $"systemd could not be told '{state}': {e.Message}");
        }
    }
}
