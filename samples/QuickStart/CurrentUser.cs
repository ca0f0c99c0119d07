using System.Runtime.InteropServices;

namespace ModularDM.Samples.QuickStart;

/// <summary>The user this runs as, as a policy names it.</summary>
internal static partial class CurrentUser
{
    public static string Subject() => OperatingSystem.IsWindows()
        ? "sid:" + System.Security.Principal.WindowsIdentity.GetCurrent().User!.Value
        : $"uid:{GetUserId()}";

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetUserId();
}
