using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Tests.Server;

/// <summary>A platform that lacks some areas.</summary>
internal sealed class PlatformLacking(IPlatform inner, bool telemetry = false, bool csp = false) : IPlatform
{
    public string Name => inner.Name;

    public IDeviceInfoArea? DeviceInfo => inner.DeviceInfo;

    public ITimeZoneArea? TimeZone => inner.TimeZone;

    public INtpArea? Ntp => inner.Ntp;

    public ITimeServiceArea? TimeService => inner.TimeService;

    public IRebootArea? Reboot => inner.Reboot;

    public ITelemetryArea? Telemetry => telemetry ? null : inner.Telemetry;

    public IAttributeArea? Attributes => inner.Attributes;

    public IToolArea? Tools => inner.Tools;

    public IFileArea? Files => inner.Files;

    public ICspTransport? Csp => csp ? null : inner.Csp;

    public void Dispose() => inner.Dispose();
}
