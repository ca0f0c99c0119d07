using ModularDM.Configurator.Platform;

namespace ModularDM.Configurator.Tests.Server;

/// <summary>A platform that lacks one area.</summary>
internal sealed class WithoutTelemetry(IPlatform inner) : IPlatform
{
    public string Name => inner.Name;

    public IDeviceInfoArea? DeviceInfo => inner.DeviceInfo;

    public ITimeZoneArea? TimeZone => inner.TimeZone;

    public INtpArea? Ntp => inner.Ntp;

    public ITimeServiceArea? TimeService => inner.TimeService;

    public IRebootArea? Reboot => inner.Reboot;

    public ITelemetryArea? Telemetry => null;

    public IAttributeArea? Attributes => inner.Attributes;

    public void Dispose() => inner.Dispose();
}
