using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ModularDM.Configurator.Platform;

/// <summary>The few calls to the C library for which .NET has no name.</summary>
internal static partial class Posix
{
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasicStats = 0x7ff;
    private const int OpenReadOnly = 0;
    private const int OpenCloseOnExec = 0x80000;

    /// <summary>Owner and mode of a file.</summary>
    public readonly record struct Ownership(uint Uid, uint Gid, UnixFileMode Mode);

    public static uint EffectiveUid => geteuid();

    /// <summary>Owner and mode of an open file: the very one that is read, whatever its name means by now.</summary>
    public static Ownership OwnershipOf(SafeFileHandle file)
    {
        bool added = false;
        file.DangerousAddRef(ref added);
        try
        {
            return Statx((int)file.DangerousGetHandle(), string.Empty, AtEmptyPath);
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Owner and mode of a path, links followed.</summary>
    public static Ownership OwnershipOf(string path) => Statx(-1, Path.GetFullPath(path), 0);

    public static void ChangeGroup(string path, uint gid) => Chown(path, uint.MaxValue, gid);

    public static void ChangeOwner(string path, uint uid) => Chown(path, uid, uint.MaxValue);

    /// <summary>Makes a rename inside the folder durable.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int fd = open(path, OpenReadOnly | OpenCloseOnExec);
        if (fd < 0)
        {
            throw LastError($"open {path}");
        }

        int result = fsync(fd);
        IOException? failure = result == 0 ? null : LastError($"fsync {path}");
        _ = close(fd);
        if (failure is not null)
        {
            throw failure;
        }
    }

    // All ones leaves that half as it is.
    private static void Chown(string path, uint uid, uint gid)
    {
        if (chown(path, uid, gid) != 0)
        {
            throw LastError($"chown {path}");
        }
    }

    private static unsafe Ownership Statx(int directory, string path, int flags)
    {
        // struct statx is the same on every architecture: uid at 20, gid at 24, mode at 28.
        byte* buffer = stackalloc byte[256];
        if (statx(directory, path, flags, StatxBasicStats, buffer) != 0)
        {
            throw LastError($"stat {path}");
        }

        return new Ownership(*(uint*)(buffer + 20), *(uint*)(buffer + 24), (UnixFileMode)(*(ushort*)(buffer + 28) & 0xFFF));
    }

    private static IOException LastError(string call)
    {
        int number = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);
}
