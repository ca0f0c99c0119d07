using ModularDM.Configurator.Platform.Simulated.Areas;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>The Windows path over a simulated device that is kept in a folder.</summary>
internal sealed class SimulatedPlatform : IPlatform
{
    private readonly SimulatedRebootArea _reboot;
    private readonly SimulatedAreas _areas;

    /// <param name="folder">The state folder.</param>
    /// <param name="clock">Time.</param>
    /// <param name="nodeTables">A folder with further node tables; null is none.</param>
    /// <exception cref="Contracts.Configurator.ConfiguratorException">A table cannot be used.</exception>
    public SimulatedPlatform(string folder, TimeProvider clock, string? nodeTables = null)
    {
        Directory.CreateDirectory(folder);
        Faults = new SimulatedFaults(folder);
        Device = new SimulatedDevice(folder, clock);
        var zone = new SimulatedTimeZoneArea(Device, Faults, clock);
        CspSchema schema = NodeTables.Load(nodeTables);
        // The schedules are in the tree, and the tree is there before the area that waits for them.
        _areas = new SimulatedAreas(Device, folder, clock, schema, zone.LocalTime, () => _reboot?.ScheduleChanged());
        Transport = new SimulatedCspTransport(new CspTree(schema, new SimulatedTreeStore(Device), _areas.All), Faults, clock);
        var csp = new CspClient(Transport);
        DeviceInfo = new CspDeviceInfoArea(csp);
        TimeZone = zone;
        Ntp = new SimulatedNtpArea(Device, Faults);
        TimeService = new SimulatedTimeServiceArea(Device, Faults);
        _reboot = new SimulatedRebootArea(Transport, Device, Faults, folder, clock, zone.LocalTime);
        Telemetry = new CspTelemetryArea(csp);
        Attributes = new SimulatedAttributeArea(folder, Faults);
        if (OperatingSystem.IsLinux())
        {
            Tools = new SimulatedToolArea(folder, Faults);
            Files = new SimulatedFileArea(folder, Faults);
        }
        _areas.Start(Transport.Tree);
    }

    public string Name => PlatformFactory.Simulated;

    public IDeviceInfoArea? DeviceInfo { get; }

    public ITimeZoneArea? TimeZone { get; }

    public INtpArea? Ntp { get; }

    public ITimeServiceArea? TimeService { get; }

    public IRebootArea? Reboot => _reboot;

    public ITelemetryArea? Telemetry { get; }

    public IAttributeArea? Attributes { get; }

    public IToolArea? Tools { get; }

    public IFileArea? Files { get; }

    public ICspTransport? Csp => Transport;

    /// <summary>Faults that can be switched on.</summary>
    public SimulatedFaults Faults { get; }

    /// <summary>The machine itself.</summary>
    public SimulatedDevice Device { get; }

    /// <summary>The engine behind the CSP areas.</summary>
    public SimulatedCspTransport Transport { get; }

    public void Dispose()
    {
        _areas.Dispose();
        _reboot.Dispose();
        Device.Dispose();
    }
}
