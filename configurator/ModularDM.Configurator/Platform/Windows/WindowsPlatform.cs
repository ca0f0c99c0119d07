using System.Runtime.Versioning;
using ModularDM.Configurator.Platform.Windows.Engine;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Configurator.Platform.Windows.Time;
using ModularDM.Configurator.Platform.Windows.Win32;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>Windows: through CSPs where there is one, through Win32 for time. None of it has run on a real Windows.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsPlatform : IPlatform
{
#if WINDOWS_BUILD
    // A Windows that is not made for devices has the API switched off; the bridge is the second way in.
    private readonly FallbackTransport _transport = new(
        new LocalManagementTransport(new LocalManagementApi(), new ConsoleUser()), new Wmi.WmiBridgeTransport(new Wmi.ManagementWmiBridge()));
#else
    private readonly LocalManagementTransport _transport = new(new LocalManagementApi(), new ConsoleUser());
#endif

    public WindowsPlatform(TimeProvider clock)
    {
        var services = new Win32Services();
        TimeZone = new WindowsTimeZoneArea(new Win32TimeZone(), clock);
        Ntp = new WindowsNtpArea(new Win32Registry(), services);
        TimeService = new WindowsTimeServiceArea(services);
        Reboot = new WindowsRebootArea(_transport, clock, () => Environment.TickCount64);
        var csp = new CspClient(_transport);
        DeviceInfo = new CspDeviceInfoArea(csp);
        Telemetry = new CspTelemetryArea(csp);
    }

    public string Name => PlatformFactory.Windows;

    public IDeviceInfoArea? DeviceInfo { get; }

    public ITimeZoneArea? TimeZone { get; }

    public INtpArea? Ntp { get; }

    public ITimeServiceArea? TimeService { get; }

    public IRebootArea? Reboot { get; }

    public ITelemetryArea? Telemetry { get; }

    public ICspTransport? Csp => _transport;

    public IAttributeArea? Attributes => null;

    public void Dispose() => _transport.Dispose();
}
