using ModularDM.Configurator.Platform.Linux.Attributes;
using ModularDM.Configurator.Platform.Linux.DeviceInfo;
using ModularDM.Configurator.Platform.Linux.Files;
using ModularDM.Configurator.Platform.Linux.Reboot;
using ModularDM.Configurator.Platform.Linux.Time;
using ModularDM.Configurator.Platform.Linux.Tools;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Linux;

/// <summary>Linux with systemd, through its services on the system bus. There is no system-wide telemetry to set a level of.</summary>
/// <remarks>It holds nothing between operations: each one opens its own bus on its own thread, and where there is no bus it says so.</remarks>
internal sealed class LinuxPlatform : IPlatform
{
    public string Name => "linux";

    public IDeviceInfoArea? DeviceInfo { get; } = new LinuxDeviceInfo();

    public ITimeZoneArea? TimeZone { get; } = new LinuxTimeZone();

    public INtpArea? Ntp { get; } = new LinuxNtp();

    public ITimeServiceArea? TimeService { get; } = new LinuxTimeService();

    public IRebootArea? Reboot { get; } = new LinuxReboot();

    public ITelemetryArea? Telemetry => null;

    public ICspTransport? Csp => null;

    public IAttributeArea? Attributes { get; } = new LinuxAttributes();

    public IToolArea? Tools { get; } = new LinuxTools();

    public IFileArea? Files { get; } = new LinuxFiles();

    public void Dispose()
    {
    }
}
