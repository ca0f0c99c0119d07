using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ModularDM.Configurator.Platform.Windows.Engine;

/// <inheritdoc cref="ILocalManagementApi"/>
[SupportedOSPlatform("windows")]
internal sealed partial class LocalManagementApi : ILocalManagementApi
{
    public int Register() => RegisterDeviceWithLocalManagement(out _);

    public int Apply(string syncBody, out IntPtr answer) => ApplyLocalManagementSyncML(syncBody, out answer);

    public void Free(IntPtr answer) => _ = LocalFree(answer);

    [LibraryImport("mdmlocalmanagement.dll")]
    private static partial int RegisterDeviceWithLocalManagement(out int alreadyRegistered);

    [LibraryImport("mdmlocalmanagement.dll", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int ApplyLocalManagementSyncML(string request, out IntPtr result);

    [LibraryImport("kernel32.dll")]
    private static partial IntPtr LocalFree(IntPtr memory);
}
