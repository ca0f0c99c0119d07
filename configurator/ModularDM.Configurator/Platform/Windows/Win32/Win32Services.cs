using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Win32;

/// <inheritdoc cref="IWin32Services"/>
[SupportedOSPlatform("windows")]
internal sealed unsafe partial class Win32Services : IWin32Services
{
    private const uint QueryAccess = 0x1 | 0x4;
    private const uint ChangeAccess = QueryAccess | 0x2 | 0x10 | 0x20 | 0x40;
    private const uint NoChange = 0xFFFFFFFF;
    private const uint ControlStop = 1;
    private const uint ControlParametersChanged = 6;
    private const int AlreadyRunning = 1056;
    private const int NotRunning = 1062;
    private const int ConfigurationBytes = 8192;

    public ServiceState Query(string service) => With(service, QueryAccess, handle =>
    {
        byte* configuration = stackalloc byte[ConfigurationBytes];
        Check(QueryServiceConfigW(handle, configuration, ConfigurationBytes, out _), "QueryServiceConfig");
        Check(QueryServiceStatus(handle, out Status status), "QueryServiceStatus");
        // QUERY_SERVICE_CONFIG begins with the type of the service, then how it starts.
        return new ServiceState((ServiceStart)((uint*)configuration)[1], (int)status.CurrentState);
    });

    public void SetStart(string service, ServiceStart start) => With(service, ChangeAccess, handle =>
    {
        Check(ChangeServiceConfigW(handle, NoChange, (uint)start, NoChange, null, null, IntPtr.Zero, null, null, null, null), "ChangeServiceConfig");
        return true;
    });

    public void Start(string service) => With(service, ChangeAccess, handle =>
    {
        Check(StartServiceW(handle, 0, IntPtr.Zero) || Marshal.GetLastPInvokeError() == AlreadyRunning, "StartService");
        return true;
    });

    public void Stop(string service) => Control(service, ControlStop);

    public void ParametersChanged(string service) => Control(service, ControlParametersChanged);

    private static void Control(string service, uint control) => With(service, ChangeAccess, handle =>
    {
        Check(ControlService(handle, control, out _) || Marshal.GetLastPInvokeError() == NotRunning, "ControlService");
        return true;
    });

    private static T With<T>(string service, uint access, Func<IntPtr, T> action)
    {
        IntPtr manager = OpenSCManagerW(null, null, 1);
        Check(manager != IntPtr.Zero, "OpenSCManager");
        try
        {
            IntPtr handle = OpenServiceW(manager, service, access);
            Check(handle != IntPtr.Zero, $"OpenService {service}");
            try
            {
                return action(handle);
            }
            finally
            {
                _ = CloseServiceHandle(handle);
            }
        }
        finally
        {
            _ = CloseServiceHandle(manager);
        }
    }

    private static void Check(bool done, string call)
    {
        if (done)
        {
            return;
        }

        int error = Marshal.GetLastPInvokeError();
        ConfiguratorErrorCode code = error switch
        {
            5 => ConfiguratorErrorCode.Denied,
            1060 => ConfiguratorErrorCode.NotSupported,
            _ => ConfiguratorErrorCode.Failed,
        };
        throw new ConfiguratorException(new ConfiguratorError(code, $"{call} failed: {Marshal.GetPInvokeErrorMessage(error)}", $"win32 {error}"));
    }

    [LibraryImport("advapi32.dll", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial IntPtr OpenSCManagerW(string? machine, string? database, uint access);

    [LibraryImport("advapi32.dll", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial IntPtr OpenServiceW(IntPtr manager, string service, uint access);

    [LibraryImport("advapi32.dll")]
    private static partial int CloseServiceHandle(IntPtr handle);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool QueryServiceConfigW(IntPtr service, byte* configuration, uint size, out uint needed);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool QueryServiceStatus(IntPtr service, out Status status);

    [LibraryImport("advapi32.dll", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ChangeServiceConfigW(
        IntPtr service, uint type, uint start, uint error, string? path, string? group, IntPtr tag, string? dependencies, string? account, string? password, string? display);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool StartServiceW(IntPtr service, uint count, IntPtr arguments);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ControlService(IntPtr service, uint control, out Status status);

    [StructLayout(LayoutKind.Sequential)]
    private struct Status
    {
        public uint ServiceType;
        public uint CurrentState;
        public uint ControlsAccepted;
        public uint ExitCode;
        public uint SpecificExitCode;
        public uint CheckPoint;
        public uint WaitHint;
    }
}
