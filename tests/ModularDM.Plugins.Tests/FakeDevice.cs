using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Testing;

namespace ModularDM.Plugins.Tests;

/// <summary>A device behind a scripted root that remembers what is set.</summary>
internal sealed class FakeDevice : IDisposable
{
    private static readonly string[] s_knownZones = ["Pacific Standard Time", "Mountain Standard Time", "Tonga Standard Time", "UTC"];

    public FakeDevice(string pluginId = "modulardm.test")
    {
        Context = new TestPluginContext(pluginId);
        FakeConfigurator root = Context.Configurator;
        root.When((GetDeviceInfo _) => Info);
        root.When((GetNtpServer _) => new NtpServerState(NtpServer));
        root.When((SetNtpServer r) => Do(() => NtpServer = r.Server));
        root.When((GetTimeZone _) => new TimeZoneState { LocalTime = "2026-01-05T00:00:00-08:00", Zone = Zone });
        root.When((SetTimeZone r) => Do(() => Zone = Known(r.Zone)));
        root.When((GetTimeService _) => new TimeServiceState { Actual = LocalWish is { } local && Priority == PolicySource.Local ? local : Service, Priority = Priority });
        root.When((SetTimeService r) => Do(() => (Service, Priority) = (r.Settings ?? Service, r.Priority)));
        root.When((GetRebootSchedule _) => Schedule);
        root.When((SetRebootSchedule r) => Do(() => Schedule = Schedule with { Single = r.Single, Daily = r.Daily }));
        root.When((GetRebootPolicy _) => Policy);
        root.When((RebootNow _) => Do(() => Schedule = Schedule with { LastCommand = Context.Clock.GetUtcNow() }));
        root.When((GetTelemetryLevel _) => new TelemetryLevelState(Level));
        root.When((SetTelemetryLevel r) => Do(() => Level = r.Level));
    }

    public TestPluginContext Context { get; }

    public DeviceInfoValues Info { get; set; } = SampleInfo.Values;

    public string NtpServer { get; set; } = "ntp.example.com";

    public TimeZoneRule Zone { get; set; } = new()
    {
        KeyName = "Tonga Standard Time",
        Bias = -780,
        Standard = new TimeZoneTransition { Date = "", Name = "Tonga Standard Time" },
        Daylight = new TimeZoneTransition { Date = "", Name = "Tonga Summer Time", Bias = -60 },
    };

    public TimeServiceSettings Service { get; set; } = new() { Enabled = true, Startup = ServiceStartup.Manual, Started = false };

    public TimeServiceSettings? LocalWish { get; set; }

    public PolicySource Priority { get; set; } = PolicySource.Remote;

    public RebootSchedule Schedule { get; set; } = new() { LastBoot = new DateTimeOffset(2026, 1, 4, 23, 15, 7, 250, TimeSpan.FromHours(1)) };

    public RebootPolicy Policy { get; set; } = new() { AllowReboots = true, InActiveHours = false, GraceSeconds = 60, Inhibitors = [] };

    public TelemetryLevel? Level { get; set; }

    public void Dispose() => Context.Dispose();

    private static Done Do(Action change)
    {
        change();
        return Done.Instance;
    }

    // As a platform does: looked up by name unless the explicit members are to hold.
    private static TimeZoneRule Known(TimeZoneRule zone) =>
        zone.DynamicDaylightTimeDisabled || s_knownZones.Contains(zone.KeyName)
            ? zone
            : throw ConfiguratorException.InvalidArgument($"There is no zone '{zone.KeyName}'.");
}
