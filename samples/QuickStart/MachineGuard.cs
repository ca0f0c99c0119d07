namespace ModularDM.Samples.QuickStart;

/// <summary>Keeps a newcomer from changing the clock of the computer in front of them.</summary>
internal static class MachineGuard
{
    /// <summary>Why the options are refused; null when they are fine.</summary>
    public static string? Refuse(QuickStartOptions options) => Refuse(options, IsContainerOrVirtual());

    internal static string? Refuse(QuickStartOptions options, bool isContainerOrVirtual)
    {
        if (options.Platform != "linux" || options.ChangeThisMachine || isContainerOrVirtual)
        {
            return null;
        }

        return "--platform linux changes the settings of this very machine (time zone, time service, reboot). "
            + "Run it in a container or a virtual machine, or say --change-this-machine if that is what you want.";
    }

    private static bool IsContainerOrVirtual() =>
        File.Exists("/run/systemd/container")
        || (File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").Any(line => line.StartsWith("flags", StringComparison.Ordinal) && line.Contains(" hypervisor", StringComparison.Ordinal)));
}
