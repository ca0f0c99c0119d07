using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ModularDM.Configurator.Platform.Linux;

/// <summary>Opens files with the flags that .NET does not offer.</summary>
internal static unsafe partial class NativeFile
{
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int WriteOnly = 1;
    private const int NoTerminal = 0x100;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasicStats = 0x7ff;
    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    // The one flag used here whose value differs between architectures.
    private static readonly int s_noFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    /// <summary>Opens an existing regular file, which kernel attributes are too. Neither follows a link in the last place nor waits for a pipe's other end.</summary>
    /// <exception cref="IOException">It cannot be opened, or is of another kind. <see cref="Exception.HResult"/> is the errno, 0 for another kind.</exception>
    public static SafeFileHandle OpenRegular(string path, FileAccess access)
    {
        int flags = access switch
        {
            FileAccess.Read => ReadOnly,
            FileAccess.Write => WriteOnly,
            _ => ReadWrite,
        };
        int fd = open(path, flags | s_noFollow | NonBlocking | NoTerminal | CloseOnExec);
        if (fd < 0)
        {
            throw LastError($"open {path}");
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        // struct statx is the same on every architecture; its mode is at 28.
        byte* stat = stackalloc byte[256];
        if (statx(fd, string.Empty, AtEmptyPath, StatxBasicStats, stat) != 0)
        {
            IOException failure = LastError($"stat {path}");
            file.Dispose();
            throw failure;
        }

        if ((*(ushort*)(stat + 28) & FileTypeMask) != RegularFile)
        {
            file.Dispose();
            throw new IOException($"{path} is not a regular file.", 0);
        }

        return file;
    }

    /// <summary>Reads what one call gives, up to the buffer: a kernel attribute answers whole or not at all.</summary>
    public static int Read(SafeFileHandle file, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint got = pread(file, bytes, (nuint)buffer.Length, 0);
            return got >= 0 ? (int)got : throw LastError("read");
        }
    }

    /// <summary>Writes in one call: a kernel attribute takes a value whole or not at all.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            nint written = pwrite(file, bytes, (nuint)value.Length, 0);
            if (written != value.Length)
            {
                throw written < 0 ? LastError("write") : new IOException($"Only {written} of {value.Length} bytes were taken.", 0);
            }
        }
    }

    /// <summary>Cuts a regular file behind what was written. Kernel attributes have no length and ignore it or refuse it.</summary>
    public static void Truncate(SafeFileHandle file, long length) => _ = ftruncate(file, length);

    private static IOException LastError(string call)
    {
        int number = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(SafeFileHandle file, long length);
}
