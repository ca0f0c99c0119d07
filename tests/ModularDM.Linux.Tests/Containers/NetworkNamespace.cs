using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ModularDM.Linux.Tests.Containers;

/// <summary>Reaches into the network of a container: a socket belongs to the network in which it was made, and threads have a network each.</summary>
internal static partial class NetworkNamespace
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>Connects to a port of the container's loopback.</summary>
    public static async Task<Stream> ConnectAsync(int leader, int port, CancellationToken cancellationToken)
    {
        var made = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle($"/proc/{leader}/ns/net");
                // The thread ends as it is and is not used again.
                made.SetResult(setns((int)network.DangerousGetHandle(), CloneNewNet) == 0
                    ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                    : throw new InvalidOperationException($"setns failed: errno {Marshal.GetLastPInvokeError()}"));
            }
            catch (Exception e)
            {
                made.TrySetException(e);
            }
        }).Start();
        Socket socket = await made.Task;
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int nstype);
}
