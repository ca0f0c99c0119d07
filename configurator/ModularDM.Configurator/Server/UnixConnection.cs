using System.Net.Sockets;
using ModularDM.Configurator.Authorization;

namespace ModularDM.Configurator.Server;

internal sealed class UnixConnection : Connection
{
    private readonly Socket _socket;

    /// <summary>Takes the socket over, also when the caller cannot be identified.</summary>
    public UnixConnection(Socket socket, TimeSpan writeLimit)
    {
        _socket = socket;
        try
        {
            Caller = PeerCredentials.Read(socket);
            socket.SendTimeout = (int)writeLimit.TotalMilliseconds;
            Stream = new SynchronousStream(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override Stream Stream { get; }

    public override CallerIdentity Caller { get; }

    public override TimeSpan ReadLimit
    {
        set => _socket.ReceiveTimeout = (int)Math.Clamp(value.TotalMilliseconds, 1, int.MaxValue);
    }

    public override void StopReading()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (SocketException)
        {
            // The other end is gone already: its read has ended.
        }
        catch (ObjectDisposedException)
        {
            // So is this one.
        }
    }

    public override void Dispose() => Stream.Dispose();
}
