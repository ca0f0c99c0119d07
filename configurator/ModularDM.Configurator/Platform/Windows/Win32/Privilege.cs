using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <summary>A right that SYSTEM has but must switch on to use; it is off again afterwards.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class Privilege : IDisposable
{
    private const uint AdjustPrivileges = 0x20;
    private const uint Query = 0x8;
    private const uint Enabled = 0x2;
    private readonly IntPtr _token;
    private Entry _entry;

    private Privilege(IntPtr token, Entry entry)
    {
        _token = token;
        _entry = entry;
    }

    /// <exception cref="ConfiguratorException">This account does not have it.</exception>
    public static IDisposable Hold(string name)
    {
        if (!OpenProcessToken(GetCurrentProcess(), AdjustPrivileges | Query, out IntPtr token))
        {
            throw Missing(name, Marshal.GetLastPInvokeError());
        }

        var entry = new Entry { Count = 1, Attributes = Enabled };
        if (!LookupPrivilegeValueW(null, name, out entry.Id) || !AdjustTokenPrivileges(token, 0, in entry, 0, IntPtr.Zero, IntPtr.Zero) || Marshal.GetLastPInvokeError() != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = CloseHandle(token);
            throw Missing(name, error);
        }

        return new Privilege(token, entry);
    }

    public void Dispose()
    {
        _entry.Attributes = 0;
        _ = AdjustTokenPrivileges(_token, 0, in _entry, 0, IntPtr.Zero, IntPtr.Zero);
        _ = CloseHandle(_token);
    }

    private static ConfiguratorException Missing(string name, int error) => new(new ConfiguratorError(
        ConfiguratorErrorCode.Denied, $"This account does not have the right {name}. Run the configurator as the LocalSystem service.", $"win32 {error}"));

    [LibraryImport("kernel32.dll")]
    private static partial IntPtr GetCurrentProcess();

    [LibraryImport("kernel32.dll")]
    private static partial int CloseHandle(IntPtr handle);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenProcessToken(IntPtr process, uint access, out IntPtr token);

    [LibraryImport("advapi32.dll", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool LookupPrivilegeValueW(string? system, string name, out long id);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AdjustTokenPrivileges(IntPtr token, int disableAll, in Entry entry, int length, IntPtr previous, IntPtr returned);

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Entry
    {
        public uint Count;
        public long Id;
        public uint Attributes;
    }
}
