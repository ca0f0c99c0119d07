using System.Globalization;
using System.Net.Sockets;
using System.Runtime.Versioning;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Platform;

namespace ModularDM.Configurator.Server;

/// <summary>Listens on a Unix domain socket: one of its own, or the one that systemd opened for it.</summary>
internal sealed class UnixSocketListener : IConnectionListener
{
    private const int FirstInheritedDescriptor = 3;
    private const int Backlog = 128;
    private static readonly TimeSpan s_probeLimit = TimeSpan.FromSeconds(2);
    private readonly Socket _socket;
    private readonly TimeSpan _writeLimit;
    private readonly bool _ownsFile;

    private UnixSocketListener(Socket socket, string endpoint, TimeSpan writeLimit, bool ownsFile)
    {
        _socket = socket;
        Endpoint = endpoint;
        _writeLimit = writeLimit;
        _ownsFile = ownsFile;
    }

    public string Endpoint { get; }

    /// <summary>Takes over the socket that systemd passed by LISTEN_PID and LISTEN_FDS; null when it passed none.</summary>
    /// <exception cref="InvalidOperationException">It passed something else than one socket.</exception>
    public static UnixSocketListener? FromSystemd(TimeSpan writeLimit)
    {
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            return null;
        }

        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        if (count != "1")
        {
            throw new InvalidOperationException($"systemd passed {count} sockets; the .socket unit must have exactly one ListenStream=.");
        }

        var socket = new Socket(new SafeSocketHandle(FirstInheritedDescriptor, ownsHandle: true));
        if (socket.AddressFamily != AddressFamily.Unix || socket.SocketType != SocketType.Stream)
        {
            socket.Dispose();
            throw new InvalidOperationException("systemd passed a socket that is no Unix stream socket; ListenStream= must be a path.");
        }

        return new UnixSocketListener(socket, socket.LocalEndPoint?.ToString() ?? "systemd", writeLimit, ownsFile: false);
    }

    /// <summary>Creates the socket, mode 0660, in a folder that is created with mode 0750 if it is missing.</summary>
    /// <exception cref="IOException">Another configurator answers there, the file is no socket, or the group is unknown.</exception>
    [UnsupportedOSPlatform("windows")]
    public static UnixSocketListener Bind(string path, string? group, TimeSpan writeLimit)
    {
        uint? gid = group is null ? null : UnitUser.ResolveGroup(group) ?? throw new IOException($"There is no group '{group}' (--group).");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(
                folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            if (gid is { } folderGroup)
            {
                Posix.ChangeGroup(folder, folderGroup);
            }
        }

        RemoveStale(path);
        // Bound under a name nobody looks for and renamed when its mode and group are right: it is never there with other ones.
        string hidden = $"{path}.{Environment.ProcessId}";
        File.Delete(hidden);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(hidden));
            File.SetUnixFileMode(hidden, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            if (gid is { } socketGroup)
            {
                Posix.ChangeGroup(hidden, socketGroup);
            }

            socket.Listen(Backlog);
            File.Move(hidden, path, overwrite: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new UnixSocketListener(socket, path, writeLimit, ownsFile: true);
    }

    public async Task<Connection> AcceptAsync(CancellationToken cancellationToken) =>
        new UnixConnection(await _socket.AcceptAsync(cancellationToken), _writeLimit);

    public void Dispose()
    {
        if (_ownsFile)
        {
            File.Delete(Endpoint);
        }

        _socket.Dispose();
    }

    private static void RemoveStale(string path)
    {
        if (!Path.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendTimeout = (int)s_probeLimit.TotalMilliseconds };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new IOException($"'{path}' is in the way and is not a socket that nobody listens on: {e.Message}. Remove it, or give another path with --socket.", e);
        }

        throw new IOException($"Another configurator answers at '{path}'. Stop it, or give another path with --socket.");
    }
}
