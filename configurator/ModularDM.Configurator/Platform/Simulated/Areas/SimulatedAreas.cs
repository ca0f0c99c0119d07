using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>All CSPs of the simulated device that do something, and the device's starts.</summary>
internal sealed class SimulatedAreas : IDisposable
{
    private readonly SimulatedDevice _device;
    private readonly DeviceWork _work;
    private CspTree? _tree;

    /// <param name="device">The machine.</param>
    /// <param name="folder">The state folder.</param>
    /// <param name="clock">Time.</param>
    /// <param name="schema">Which nodes there may be.</param>
    /// <param name="localTime">The time on the machine's wall.</param>
    /// <param name="scheduleChanged">Called when a reboot schedule was set or taken back.</param>
    public SimulatedAreas(SimulatedDevice device, string folder, TimeProvider clock, CspSchema schema, Func<DateTimeOffset> localTime, Action scheduleChanged)
    {
        _device = device;
        _work = new DeviceWork(clock);
        // A wipe comes first: what it takes away does not go on.
        All =
        [
            new WipeArea(device, folder), new CertificateArea(), new WiFiArea(), new AppArea(_work), new StartupUiArea(), new UpdateArea(_work), new TraceArea(_work),
            new HealthArea(_work), new PolicyArea(schema), new TimeZonePolicyArea(device), new LocalTimeArea(localTime), new RebootScheduleArea(scheduleChanged),
        ];
        device.Rebooted += Boot;
    }

    public IReadOnlyList<SimulatedArea> All { get; }

    public void Start(CspTree tree)
    {
        _tree = tree;
        if (_device.BootedAtStart)
        {
            Boot();
        }
        else
        {
            Each(area => area.Start(tree));
        }
    }

    public void Dispose()
    {
        _device.Rebooted -= Boot;
        _work.Dispose();
    }

    private void Boot()
    {
        if (_tree is { } tree)
        {
            Each(area => area.Boot(tree));
            Each(area => area.Start(tree));
        }
    }

    private void Each(Action<SimulatedArea> action)
    {
        foreach (SimulatedArea area in All)
        {
            action(area);
        }
    }
}
