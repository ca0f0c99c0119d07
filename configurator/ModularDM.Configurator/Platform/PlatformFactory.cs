using System.Diagnostics.CodeAnalysis;
using ModularDM.Configurator.Platform.Linux;
using ModularDM.Configurator.Platform.Simulated;
using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Server;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform;

/// <summary>Creates the platform that an operator named.</summary>
internal static class PlatformFactory
{
    public const string Linux = "linux";
    public const string Windows = "windows";
    public const string Simulated = "simulated";

    /// <summary>False in the packaged program, which has no use for it and is smaller without.</summary>
    [FeatureSwitchDefinition("ModularDM.Configurator.Simulated")]
    private static bool HasSimulated => !AppContext.TryGetSwitch("ModularDM.Configurator.Simulated", out bool has) || has;

    public static string Default => OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsLinux() ? Linux : Simulated;

    /// <param name="name">linux, windows or simulated.</param>
    /// <param name="stateFolder">Root's own folder.</param>
    /// <param name="clock">Time.</param>
    /// <param name="log">The configurator's log.</param>
    /// <param name="nodeTables">A folder with further node tables for the simulated platform; null is none.</param>
    /// <exception cref="ConfiguratorException">There is no such platform here.</exception>
    public static IPlatform Create(string name, string stateFolder, TimeProvider clock, ServerLog log, string? nodeTables = null) => name switch
    {
        Windows when OperatingSystem.IsWindows() => new WindowsPlatform(clock),
        Simulated when HasSimulated => new SimulatedPlatform(stateFolder, clock, nodeTables),
        Linux => new LinuxPlatform(),
        Simulated => throw ConfiguratorException.NotSupported("This build has no simulated platform: it is the packaged one, for real devices. Run the configurator from its source."),
        _ => throw ConfiguratorException.NotSupported($"'{name}' is no platform here; there are linux, windows and simulated."),
    };
}
