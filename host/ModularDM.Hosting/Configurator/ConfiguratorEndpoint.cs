using System.IO.Pipes;
using System.Net.Sockets;
using System.Security.Principal;

namespace ModularDM.Hosting.Configurator;

/// <summary>Opens the byte stream to root: a Unix domain socket, or a named pipe when the endpoint is a bare name.</summary>
internal static class ConfiguratorEndpoint
{
    public static async Task<Stream> OpenAsync(string endpoint, CancellationToken cancellationToken)
    {
        if (Path.IsPathRooted(endpoint))
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        // Identification: the server may learn who we are, but an impostor that took the pipe's name cannot act as us.
        var pipe = new NamedPipeClientStream(".", endpoint, PipeDirection.InOut, PipeOptions.Asynchronous, TokenImpersonationLevel.Identification);
        try
        {
            await pipe.ConnectAsync(cancellationToken);
            return pipe;
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }
}
