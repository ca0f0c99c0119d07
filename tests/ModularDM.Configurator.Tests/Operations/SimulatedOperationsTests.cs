using System.Globalization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Operations;

/// <summary>Every operation over the socket, on the simulated platform.</summary>
public sealed class SimulatedOperationsTests
{
    private static readonly TimeZoneTransition s_none = new() { Date = string.Empty, Name = string.Empty };

    [Fact]
    public async Task DeviceInfo_AllNodes_AreReported()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        DeviceInfoValues info = await client.GetAsync(new GetDeviceInfo());
        Assert.Equal("Contoso", info.Manufacturer);
        Assert.Equal("1024", info.TotalMemory);
        Assert.Equal("-1", info.BatteryRemaining);
        Assert.DoesNotContain("<error>", info.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeviceInfo_OneNodeFails_OnlyThatValueIsError()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("./DevDetail/FwV", new() { Status = 500 });
        using TestClient client = await server.ConnectAsync();
        DeviceInfoValues info = await client.GetAsync(new GetDeviceInfo());
        Assert.Equal("<error>", info.FwVer);
        Assert.Equal("0.1", info.HwVer);
    }

    [Theory]
    [InlineData("Mountain Standard Time", 420, "0000-03-02T02:00:00Z", "0000-11-01T02:00:00Z", "Mountain Daylight Time")]
    [InlineData("America/Los_Angeles", 480, "0000-03-02T02:00:00Z", "0000-11-01T02:00:00Z", "Pacific Daylight Time")]
    [InlineData("W. Europe Standard Time", -60, "0000-03-05T02:00:00Z", "0000-10-05T03:00:00Z", "W. Europe Daylight Time")]
    public async Task TimeZone_KnownKey_BringsItsOwnRules(string key, int bias, string toDaylight, string toStandard, string daylightName)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetTimeZone { Zone = new TimeZoneRule { KeyName = key, Bias = 7, Standard = s_none, Daylight = s_none } });
        TimeZoneRule zone = (await client.GetAsync(new GetTimeZone())).Zone;
        Assert.Equal(key, zone.KeyName);
        Assert.Equal(bias, zone.Bias);
        Assert.Equal((toDaylight, 0, -60, daylightName), (zone.Daylight.Date, zone.Daylight.DayOfWeek, zone.Daylight.Bias, zone.Daylight.Name));
        Assert.Equal((toStandard, 0, 0), (zone.Standard.Date, zone.Standard.DayOfWeek, zone.Standard.Bias));
    }

    [Fact]
    public async Task TimeZone_UnknownKey_ExplicitMembersHold()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        var wanted = new TimeZoneRule
        {
            KeyName = "Contoso Island Time",
            Bias = -345,
            Standard = new TimeZoneTransition { Date = string.Empty, Name = "CIT" },
            Daylight = new TimeZoneTransition { Date = string.Empty, Name = "CIT" },
        };
        await client.GetAsync(new SetTimeZone { Zone = wanted });
        TimeZoneState state = await client.GetAsync(new GetTimeZone());
        Assert.Equal(wanted, state.Zone);
        Assert.Equal(TimeSpan.FromMinutes(345), DateTimeOffset.Parse(state.LocalTime, CultureInfo.InvariantCulture).Offset);
    }

    [Theory]
    [InlineData(721, "", "", 0)]
    [InlineData(-841, "", "", 0)]
    [InlineData(0, "not-a-date", "", 0)]
    [InlineData(0, "0000-11-01T02:00:00Z", "", 0)]
    [InlineData(0, "0000-11-06T02:00:00Z", "0000-03-02T02:00:00Z", 0)]
    [InlineData(0, "2026-02-30T02:00:00Z", "2026-10-02T02:00:00Z", 0)]
    [InlineData(0, "", "", 7)]
    public async Task TimeZone_BadMembers_ChangeNothing(int bias, string standardDate, string daylightDate, int day)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        TimeZoneState before = await client.GetAsync(new GetTimeZone());
        ConfiguratorError error = await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, new SetTimeZone
        {
            Zone = new TimeZoneRule
            {
                KeyName = string.Empty,
                Bias = bias,
                Standard = new TimeZoneTransition { Date = standardDate, Name = "s" },
                Daylight = new TimeZoneTransition { Date = daylightDate, Name = "d", DayOfWeek = day },
            },
        });
        Assert.Equal(unchecked((int)0xA0000000), error.ErrCode);
        Assert.Equal(before.Zone, (await client.GetAsync(new GetTimeZone())).Zone);
    }

    [Theory]
    [InlineData("time.windows.com")]
    [InlineData("a.example.com 192.0.2.7 2001:db8::1")]
    public async Task Ntp_GoodServers_AreStored(string servers)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.GetAsync(new SetNtpServer { Server = servers });
        Assert.Equal(servers, (await client.GetAsync(new GetNtpServer())).Server);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<not found>")]
    [InlineData("a;reboot")]
    [InlineData("$(id)")]
    [InlineData("a.example.com  b.example.com")]
    [InlineData("-x.example.com")]
    [InlineData("a.example.com\nb")]
    [InlineData("1.2.3.999")]
    [InlineData("fe80::1%eth0")]
    [InlineData("a.example.com /update")]
    public async Task Ntp_AnythingElse_IsRefused(string servers)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.FailAsync(ConfiguratorErrorCode.InvalidArgument, new SetNtpServer { Server = servers });
        Assert.Equal("time.windows.com", (await client.GetAsync(new GetNtpServer())).Server);
    }

    [Fact]
    public async Task TimeService_TwoWishes_ThePriorityDecides()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        var off = new TimeServiceSettings { Enabled = false, Startup = ServiceStartup.Manual, Started = false };
        var on = new TimeServiceSettings { Enabled = true, Startup = ServiceStartup.Auto, Started = true };
        await client.GetAsync(new SetTimeService { Settings = off, Source = PolicySource.Remote, Priority = PolicySource.Remote });
        await client.GetAsync(new SetTimeService { Settings = on, Source = PolicySource.Local, Priority = PolicySource.Remote });
        Assert.Equal(off, (await client.GetAsync(new GetTimeService())).Actual);

        // Without settings only the priority moves, and the other stored wish comes into force.
        await client.GetAsync(new SetTimeService { Settings = null, Source = PolicySource.Remote, Priority = PolicySource.Local });
        TimeServiceState state = await client.GetAsync(new GetTimeService());
        Assert.Equal(on, state.Actual);
        Assert.Equal(PolicySource.Local, state.Priority);
    }

    [Fact]
    public async Task Telemetry_Unset_IsNull_AndEachLevelReadsBack()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        Assert.Null((await client.GetAsync(new GetTelemetryLevel())).Level);
        foreach (TelemetryLevel level in Enum.GetValues<TelemetryLevel>())
        {
            await client.GetAsync(new SetTelemetryLevel { Level = level });
            Assert.Equal(level, (await client.GetAsync(new GetTelemetryLevel())).Level);
        }
    }

    [Fact]
    public async Task Telemetry_LevelGivenAsANumber_IsABadFrame()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.SendTextAsync("""{"frame":"request","id":5,"plugin":"modulardm.test","deadlineMs":5000,"request":{"op":"setTelemetryLevel","level":7}}""");
        ResponseFrameAssert.Error(await client.ResponseAsync(), 5, ConfiguratorErrorCode.BadFrame);
    }

    [Fact]
    public async Task Attribute_Written_ReadsBackAndTurnsTheFan()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        const string Fan = "contoso.fancontrol";
        Assert.Equal("128", (await client.GetAsync(new ReadDeviceAttribute { Name = "fan0.pwm" }, Fan)).Value);
        await client.GetAsync(new WriteDeviceAttribute { Name = "fan0.pwm", Value = "200" }, Fan);
        Assert.Equal("200", (await client.GetAsync(new ReadDeviceAttribute { Name = "fan0.pwm" }, Fan)).Value);
        Assert.Equal("2400", (await client.GetAsync(new ReadDeviceAttribute { Name = "fan0.rpm" }, Fan)).Value);
    }

    [Theory]
    [InlineData("fan0.pwm", "256")]
    [InlineData("fan0.pwm", "12\n")]
    [InlineData("fan0.pwm", "")]
    [InlineData("fan0.rpm", "100")]
    [InlineData("fan1.pwm", "100")]
    public async Task Attribute_OutsideTheGrant_IsDenied(string name, string value)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        ConfiguratorError error = await client.FailAsync(
            ConfiguratorErrorCode.Denied, new WriteDeviceAttribute { Name = name, Value = value }, "contoso.fancontrol");
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}
