using System.Runtime.Versioning;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>What Windows does through CSPs: the device's description and the telemetry level. Other areas are not there yet.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsPlatform : IPlatform
{
    private readonly LocalManagementTransport _transport = new();

    public WindowsPlatform()
    {
        var csp = new CspClient(_transport);
        DeviceInfo = new CspDeviceInfoArea(csp);
        Telemetry = new CspTelemetryArea(csp);
    }

    public string Name => PlatformFactory.Windows;

    public IDeviceInfoArea? DeviceInfo { get; }

    public ITimeZoneArea? TimeZone => null;

    public INtpArea? Ntp => null;

    public ITimeServiceArea? TimeService => null;

    public IRebootArea? Reboot => null;

    public ITelemetryArea? Telemetry { get; }

    public IAttributeArea? Attributes => null;

    public void Dispose() => _transport.Dispose();
}
