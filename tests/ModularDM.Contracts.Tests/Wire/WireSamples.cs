using System.Reflection;
using System.Text.Json.Serialization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Contracts.Tests.Wire;

/// <summary>A filled instance of every record that may cross the wire; a new record without one here fails the tests.</summary>
internal static class WireSamples
{
    private static readonly DateTimeOffset s_moment = new(2026, 3, 1, 4, 5, 6, TimeSpan.FromHours(-8));

    private static readonly TimeZoneRule s_zone = new()
    {
        DynamicDaylightTimeDisabled = true,
        KeyName = "Europe/Łódź",
        Bias = -60,
        Standard = new TimeZoneTransition { Bias = 1, Date = "0000-10-05T03:00:00Z", Name = "Winter", DayOfWeek = 0 },
        Daylight = new TimeZoneTransition { Bias = -60, Date = "", Name = "Sommer \"x\"", DayOfWeek = 6 },
    };

    private static readonly TimeServiceSettings s_service = new() { Enabled = true, Startup = ServiceStartup.Manual, Started = true };

    public static IReadOnlyList<ConfiguratorRequest> Requests { get; } =
    [
        new GetDeviceInfo(),
        new GetTimeZone(),
        new SetTimeZone { Zone = s_zone },
        new GetNtpServer(),
        new SetNtpServer { Server = "one.example.com two.example.com" },
        new GetTimeService(),
        new SetTimeService { Settings = s_service, Source = PolicySource.Remote, Priority = PolicySource.Local },
        new SetTimeService { Source = PolicySource.Local, Priority = PolicySource.Remote },
        new GetRebootSchedule(),
        new SetRebootSchedule { Single = s_moment, Daily = s_moment.AddDays(1) },
        new SetRebootSchedule(),
        new GetRebootPolicy(),
        new SetAllowReboots { Allow = false, LeaseSeconds = 60 },
        new SetAllowReboots { Allow = true },
        new RebootNow { Reason = "asked for" },
        new GetTelemetryLevel(),
        new SetTelemetryLevel { Level = TelemetryLevel.Enhanced },
        new ReadDeviceAttribute { Name = "fan0.pwm" },
        new WriteDeviceAttribute { Name = "fan0.pwm", Value = "\u0000\n\"" },
        new RunAllowedTool { Name = "selftest", Arguments = new Dictionary<string, string> { ["level"] = "3" } },
        new RunAllowedTool { Name = "selftest" },
        new WriteAllowedFile { Name = "app.config", Contents = "{}\n" },
        new CspCommand { Verb = CspVerb.Get, LocUri = "./User/Vendor/MSFT/WiFi/Profile?list=StructData" },
        new CspCommand { Verb = CspVerb.Replace, LocUri = "./Vendor/MSFT/A%2FB", Format = CspValueFormat.Int, Data = "1" },
    ];

    public static IReadOnlyList<ConfiguratorResponse> Responses { get; } =
    [
        Done.Instance,
        DeviceInfo(),
        new TimeZoneState { LocalTime = "2026-03-01T04:05:06-08:00", Zone = s_zone },
        new NtpServerState(""),
        new TimeServiceState { Actual = s_service, Priority = PolicySource.Remote },
        new RebootSchedule { LastBoot = s_moment, LastCommand = s_moment, Single = s_moment, Daily = s_moment },
        new RebootSchedule { LastBoot = s_moment },
        new RebootPolicy { AllowReboots = true, InActiveHours = false, GraceSeconds = 0, Inhibitors = [] },
        new RebootPolicy { AllowReboots = false, ActiveHoursStart = 22, ActiveHoursEnd = 6, InActiveHours = true, GraceSeconds = 300, Inhibitors = ["apt: installing"] },
        new TelemetryLevelState(TelemetryLevel.Security),
        new TelemetryLevelState(),
        new AttributeValue("21500"),
        new ToolOutput { ExitCode = 3, Output = "out\n", ErrorOutput = "", Truncated = true },
        new CspResult { Status = 200, Nodes = [] },
        new CspResult
        {
            Status = 200,
            Nodes = [new CspNode { LocUri = "./DevInfo/Man", Format = CspValueFormat.Chr, Value = "Contoso" }, new CspNode { LocUri = "./DevInfo", Format = CspValueFormat.Node }],
        },
    ];

    public static IEnumerable<Type> DerivedFrom(Type root) => root.GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => attribute.DerivedType);

    private static DeviceInfoValues DeviceInfo()
    {
        // Twenty-four required strings: each its own name.
        var values = (DeviceInfoValues)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(DeviceInfoValues));
        foreach (PropertyInfo property in typeof(DeviceInfoValues).GetProperties().Where(p => p.CanWrite))
        {
            property.SetValue(values, property.Name);
        }

        return values;
    }
}
