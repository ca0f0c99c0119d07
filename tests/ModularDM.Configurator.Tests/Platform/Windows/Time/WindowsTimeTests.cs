using Microsoft.Extensions.Time.Testing;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows;
using ModularDM.Configurator.Platform.Windows.Engine;
using ModularDM.Configurator.Platform.Windows.Time;
using ModularDM.Configurator.Platform.Windows.Win32;
using ModularDM.Configurator.Tests.Platform.Windows.Engine;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Windows.Time;

public sealed class WindowsTimeTests
{
    private static readonly DynamicZone s_berlin = new(
        "W. Europe Standard Time", -60, new DynamicTransition("Winter", 0, 0, 10, 0, 5, 3, 0, 0), new DynamicTransition("Sommer", -60, 0, 3, 0, 5, 2, 0, 0), false);

    [Theory]
    [InlineData("W. Europe Standard Time")]
    [InlineData("Europe/Berlin")]
    public void Zone_NameThatWindowsKnows_BringsItsOwnRules(string name)
    {
        var windows = new FakeZones();
        var area = new WindowsTimeZoneArea(windows, TimeProvider.System);
        area.Set(Rule(name), Context());
        Assert.Equal(s_berlin, windows.Current);
        TimeZoneRule read = area.Read(Context()).Zone;
        Assert.Equal(("W. Europe Standard Time", -60, "0000-10-05T03:00:00Z", "0000-03-05T02:00:00Z", -60), (read.KeyName, read.Bias, read.Standard.Date, read.Daylight.Date, read.Daylight.Bias));
    }

    [Fact]
    public void Zone_MembersThatHold_GoToWindowsAsTheyAre()
    {
        var windows = new FakeZones();
        var area = new WindowsTimeZoneArea(windows, TimeProvider.System);
        TimeZoneRule rule = Rule("W. Europe Standard Time") with
        {
            DynamicDaylightTimeDisabled = true,
            Bias = 480,
            Standard = new TimeZoneTransition { Name = "S", Date = "0000-11-01T02:00:00Z", DayOfWeek = 6 },
            Daylight = new TimeZoneTransition { Name = "D", Date = "2026-03-08T02:00:00Z", Bias = -60, DayOfWeek = 3 },
        };
        area.Set(rule, Context());
        Assert.Equal(new DynamicTransition("S", 0, 0, 11, 6, 1, 2, 0, 0), windows.Current.Standard);
        // A date that happens once has its day of the week already.
        Assert.Equal(new DynamicTransition("D", -60, 2026, 3, 0, 8, 2, 0, 0), windows.Current.Daylight);
        Assert.True(windows.Current.DynamicDaylightTimeDisabled);
    }

    [Fact]
    public void Zone_WithoutDaylight_HasNoDates()
    {
        var windows = new FakeZones();
        new WindowsTimeZoneArea(windows, TimeProvider.System).Set(Rule("Contoso Time"), Context());
        Assert.Equal((0, 0), (windows.Current.Standard.Month, windows.Current.Daylight.Month));
        Assert.Equal(string.Empty, new WindowsTimeZoneArea(windows, TimeProvider.System).Read(Context()).Zone.Standard.Date);
    }

    [Fact]
    public void Zone_ThatWindowsTookOtherwise_IsAFailure()
    {
        var windows = new FakeZones { Ignores = true };
        Assert.Equal(
            ConfiguratorErrorCode.Failed,
            Assert.Throws<ConfiguratorException>(() => new WindowsTimeZoneArea(windows, TimeProvider.System).Set(Rule("Europe/Berlin"), Context())).Code);
    }

    [Fact]
    public void Ntp_Servers_AreWrittenAsW32tmWritesThem()
    {
        var windows = new FakeWindows { Phase = ServiceState.Running };
        var area = new WindowsNtpArea(windows, windows);
        area.Set("one.example.com two.example.com", Context());
        Assert.Equal("one.example.com,0x8 two.example.com,0x8", windows.Values[WindowsNtpArea.Key + "!NtpServer"]);
        Assert.Equal("NTP", windows.Values[WindowsNtpArea.Key + "!Type"]);
        Assert.Equal(["changed"], windows.Orders);
        Assert.Equal("one.example.com two.example.com", area.Read(Context()));
        windows.Values.Clear();
        Assert.Equal(string.Empty, area.Read(Context()));
    }

    [Theory]
    [InlineData(true, true, true, 3, ServiceState.Stopped, "start")]
    [InlineData(true, false, true, 3, ServiceState.Running, "stop")]
    [InlineData(false, true, true, 2, ServiceState.Running, "stop")]
    [InlineData(true, true, true, 2, ServiceState.Running, null)]
    public void Service_Wish_IsCarriedOut(bool enabled, bool started, bool auto, int before, int phase, string? order)
    {
        var windows = new FakeWindows { StartKind = (ServiceStart)before, Phase = phase };
        var area = new WindowsTimeServiceArea(windows);
        var wish = new TimeServiceSettings { Enabled = enabled, Startup = auto ? ServiceStartup.Auto : ServiceStartup.Manual, Started = started };
        area.Set(wish, Context());
        Assert.Equal(order is null ? [] : [order], windows.Orders);
        TimeServiceSettings read = area.Read(Context());
        Assert.Equal((enabled, enabled && started), (read.Enabled, read.Started));
    }

    [Fact]
    public void Service_ThatNeverStarts_EndsWithTheTimeThereIs()
    {
        var windows = new FakeWindows { Phase = ServiceState.Stopped, Hangs = true };
        var wish = new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = true };
        var context = new OperationContext("setTimeService", TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
        Assert.Equal(ConfiguratorErrorCode.Timeout, Assert.Throws<ConfiguratorException>(() => new WindowsTimeServiceArea(windows).Set(wish, context)).Code);
    }

    [Fact]
    public void Reboot_GoesThroughTheCsp()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero));
        var api = new FakeLocalManagement { Answer = _ => "<SyncML><SyncBody><Status><CmdRef>1</CmdRef><Data>200</Data></Status></SyncBody></SyncML>" };
        using var engine = new LocalManagementTransport(api, new FakeUser());
        var area = new WindowsRebootArea(engine, clock, () => 3_600_000);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 11, 0, 0, TimeSpan.Zero), area.ReadLastBoot(Context()));
        area.RebootNow("asked for", TimeSpan.Zero, Context());
        area.SetSchedule(clock.GetUtcNow().AddDays(1), null, Context());
        Assert.Equal(
            [
                "<SyncBody><Exec><CmdID>1</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/RebootNow</LocURI></Target></Item></Exec><Final /></SyncBody>",
                """<SyncBody><Replace><CmdID>1</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/Schedule/Single</LocURI></Target><Meta><Format xmlns="syncml:metinf">chr</Format><Type xmlns="syncml:metinf">text/plain</Type></Meta><Data>2026-03-02T12:00:00Z</Data></Item></Replace><Final /></SyncBody>""",
                "<SyncBody><Delete><CmdID>1</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/Reboot/Schedule/DailyRecurrent</LocURI></Target></Item></Delete><Final /></SyncBody>",
            ],
            api.Bodies);
    }

    private static OperationContext Context() => new("test", TestTimeouts.Default, TimeProvider.System, CancellationToken.None);

    private static TimeZoneRule Rule(string keyName) => new()
    {
        KeyName = keyName,
        Standard = new TimeZoneTransition { Date = string.Empty, Name = "S" },
        Daylight = new TimeZoneTransition { Date = string.Empty, Name = "D" },
    };

    private sealed class FakeZones : IWin32TimeZone
    {
        public bool Ignores { get; init; }

        public DynamicZone Current { get; private set; } = s_berlin with { KeyName = "UTC", Bias = 0 };

        public DynamicZone Read() => Current;

        public DynamicZone? Find(string keyName) => keyName == s_berlin.KeyName ? s_berlin : null;

        public void Set(DynamicZone zone) => Current = Ignores ? Current : zone;
    }

    private sealed class FakeWindows : IWin32Registry, IWin32Services
    {
        public Dictionary<string, string> Values { get; } = [];

        public List<string> Orders { get; } = [];

        public ServiceStart StartKind { get; set; } = ServiceStart.Automatic;

        public int Phase { get; set; }

        public bool Hangs { get; init; }

        string? IWin32Registry.Read(string key, string name) => Values.GetValueOrDefault($"{key}!{name}");

        public void Write(string key, string name, string value) => Values[$"{key}!{name}"] = value;

        public ServiceState Query(string service)
        {
            Assert.Equal("w32time", service);
            return new ServiceState(StartKind, Phase);
        }

        public void SetStart(string service, ServiceStart start) => StartKind = start;

        public void Start(string service) => Order("start", ServiceState.Running);

        public void Stop(string service) => Order("stop", ServiceState.Stopped);

        public void ParametersChanged(string service) => Orders.Add("changed");

        private void Order(string order, int phase)
        {
            Orders.Add(order);
            Phase = Hangs ? 2 : phase;
        }
    }
}
