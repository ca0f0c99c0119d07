using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace ModularDM.Configurator.Authorization;

/// <summary>Asks the kernel who connected.</summary>
internal static class PeerCredentials
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerPidFd = 77;

    public static CallerIdentity Read(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        if (socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) != credentials.Length)
        {
            throw new IOException("The kernel does not say who is at the other end of the socket.");
        }

        int pid = BinaryPrimitives.ReadInt32LittleEndian(credentials);
        uint uid = BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
        if (!BitConverter.IsLittleEndian)
        {
            pid = BinaryPrimitives.ReverseEndianness(pid);
            uid = BinaryPrimitives.ReverseEndianness(uid);
        }

        return new CallerIdentity { ProcessId = pid, Uid = uid, Unit = UnitOf(socket, pid) };
    }

    /// <summary>A process id may be given to another process while /proc is read, so the unit counts only if the process that connected lived on.</summary>
    private static string? UnitOf(Socket socket, int pid)
    {
        if (pid <= 0)
        {
            return null;
        }

        using SafeFileHandle? pidfd = OpenPidFd(socket);
        string? before = pidfd is null ? StartOf(pid) : null;
        string? unit = ControlGroup.UnitOf(pid);
        bool same = pidfd is null ? before is not null && before == StartOf(pid) : IsAlive(pidfd, pid);
        return same ? unit : null;
    }

    private static SafeFileHandle? OpenPidFd(Socket socket)
    {
        Span<byte> option = stackalloc byte[4];
        try
        {
            return socket.GetRawSocketOption(SolSocket, SoPeerPidFd, option) == option.Length
                ? new SafeFileHandle(BitConverter.ToInt32(option), ownsHandle: true)
                : null;
        }
        catch (SocketException)
        {
            // Before Linux 6.5 there is no such option.
            return null;
        }
    }

    private static bool IsAlive(SafeFileHandle pidfd, int pid)
    {
        try
        {
            string info = File.ReadAllText($"/proc/self/fdinfo/{pidfd.DangerousGetHandle()}");
            return info.Split('\n').Any(line => line.StartsWith("Pid:", StringComparison.Ordinal)
                && int.TryParse(line.AsSpan(4).Trim(), out int named) && named == pid);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string? StartOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            // The process name is in brackets and may hold anything; the start time is the 20th field after it.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length > 19 ? fields[19] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
