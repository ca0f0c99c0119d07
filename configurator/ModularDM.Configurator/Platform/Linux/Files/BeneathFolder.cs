using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ModularDM.Configurator.Platform.Linux.Files;

/// <summary>A folder held open, so that what is done in it is done in this very folder, whatever its name means by now. No link is followed on the way to it or below it.</summary>
internal sealed unsafe partial class BeneathFolder : IDisposable
{
    private const int AtCurrent = -100;
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int CloseOnExec = 0x80000;
    private const int AtNoFollow = 0x100;
    private const uint StatxType = 1;
    private const ulong NoMagicLinks = 2;
    private const ulong NoLinks = 4;
    private const ulong Beneath = 8;
    private const nint OpenAt2Call = 437;
    private const int NoEntry = 2;

    private static readonly bool s_arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int s_directory = s_arm ? 0x4000 : 0x10000;
    private static readonly int s_noFollow = s_arm ? 0x8000 : 0x20000;
    private readonly SafeFileHandle _folder;

    private BeneathFolder(SafeFileHandle folder) => _folder = folder;

    /// <exception cref="IOException"><see cref="Exception.HResult"/> is the errno.</exception>
    public static BeneathFolder Open(string absolute) => new(OpenFolder(AtCurrent, absolute, NoLinks | NoMagicLinks));

    /// <summary>A folder below this one; <paramref name="relative"/> cannot leave it.</summary>
    public BeneathFolder Descend(string relative) => new(OpenFolder((int)_folder.DangerousGetHandle(), relative, Beneath | NoLinks | NoMagicLinks));

    /// <summary>A new file that nobody else can have prepared.</summary>
    public SafeFileHandle CreateNew(string name)
    {
        int fd = openat(_folder, name, WriteOnly | Create | Exclusive | s_noFollow | CloseOnExec, 0x180);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LastError($"create {name}");
    }

    public void DeleteIfThere(string name)
    {
        if (unlinkat(_folder, name, 0) != 0 && Marshal.GetLastPInvokeError() != NoEntry)
        {
            throw LastError($"unlink {name}");
        }
    }

    public void Rename(string from, string to)
    {
        if (renameat(_folder, from, _folder, to) != 0)
        {
            throw LastError($"rename {from} to {to}");
        }
    }

    /// <summary>True when the name is free or a regular file's.</summary>
    public bool IsReplaceable(string name)
    {
        // struct statx is the same on every architecture; its mode is at 28.
        byte* stat = stackalloc byte[256];
        if (statx(_folder, name, AtNoFollow, StatxType, stat) != 0)
        {
            return Marshal.GetLastPInvokeError() == NoEntry ? true : throw LastError($"stat {name}");
        }

        return (*(ushort*)(stat + 28) & 0xF000) == 0x8000;
    }

    /// <summary>Makes what was renamed durable.</summary>
    public void Sync()
    {
        if (fsync(_folder) != 0)
        {
            throw LastError("fsync");
        }
    }

    public static void GiveTo(SafeFileHandle file, uint uid, uint gid)
    {
        if (fchown(file, uid, gid) != 0)
        {
            throw LastError("chown");
        }
    }

    public static void SetMode(SafeFileHandle file, UnixFileMode mode)
    {
        if (fchmod(file, (uint)mode) != 0)
        {
            throw LastError("chmod");
        }
    }

    public void Dispose() => _folder.Dispose();

    private static SafeFileHandle OpenFolder(int at, string path, ulong resolve)
    {
        // struct open_how: flags, mode, resolve. openat2 has one number on every architecture.
        ulong* how = stackalloc ulong[] { (ulong)(s_directory | CloseOnExec), 0, resolve };
        byte[] name = System.Text.Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* text = name)
        {
            nint fd = syscall(OpenAt2Call, at, text, how, 3 * sizeof(ulong));
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LastError($"open {path}");
        }
    }

    private static IOException LastError(string call)
    {
        int number = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint at, byte* path, ulong* how, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(SafeFileHandle oldFolder, string from, SafeFileHandle newFolder, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle folder, string name, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);
}
