using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <inheritdoc cref="IUserContext"/>
[SupportedOSPlatform("windows")]
internal sealed partial class ConsoleUser : IUserContext
{
    private const uint NoSession = 0xFFFFFFFF;

    public IDisposable Enter()
    {
        uint session = WTSGetActiveConsoleSessionId();
        if (session == NoSession || !WTSQueryUserToken(session, out IntPtr token))
        {
            throw NoUser("nobody is signed in at the machine, so there are no nodes of ./User", Marshal.GetLastPInvokeError());
        }

        try
        {
            return ImpersonateLoggedOnUser(token) ? new Impersonation() : throw NoUser("the user's name may not be used", Marshal.GetLastPInvokeError());
        }
        finally
        {
            _ = CloseHandle(token);
        }
    }

    private static ConfiguratorException NoUser(string why, int error) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.Conflict, $"The user's part of the device cannot be managed: {why}.", $"win32 {error}"));

    [LibraryImport("kernel32.dll")]
    private static partial uint WTSGetActiveConsoleSessionId();

    [LibraryImport("wtsapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool WTSQueryUserToken(uint session, out IntPtr token);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ImpersonateLoggedOnUser(IntPtr token);

    [LibraryImport("advapi32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool RevertToSelf();

    [LibraryImport("kernel32.dll", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(IntPtr handle);

    private sealed class Impersonation : IDisposable
    {
        public void Dispose()
        {
            if (!RevertToSelf())
            {
                // The thread would go on in the user's name with everything that comes next.
                Environment.FailFast("RevertToSelf failed.");
            }
        }
    }
}
