using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Linux.Tests.Device;

[Collection<SettingsCollection>]
public sealed class TimeZoneTests(LinuxDevice device)
{
    private static readonly TimeZoneTransition s_none = new() { Date = "", Name = "" };

    [Fact]
    public async Task Zone_ByWindowsName_IsInForceWithItsRules()
    {
        await SetAsync(new TimeZoneRule { KeyName = "Pacific Standard Time", Standard = s_none, Daylight = s_none });

        Assert.Equal("../usr/share/zoneinfo/America/Los_Angeles", await LocalTimeLinkAsync());
        TimeZoneState state = await device.SendAsync(new GetTimeZone());
        Assert.Equal(
            new TimeZoneRule
            {
                KeyName = "Pacific Standard Time",
                Bias = 480,
                Standard = new TimeZoneTransition { Name = "Pacific Standard Time", Date = "0000-11-01T02:00:00Z" },
                Daylight = new TimeZoneTransition { Name = "Pacific Daylight Time", Date = "0000-03-02T02:00:00Z", Bias = -60 },
            },
            state.Zone);
        string offset = (await device.Container.RunAsync("date", "+%:z")).Text;
        Assert.EndsWith(offset, state.LocalTime, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zone_ByIanaName_IsInForceAndReportedWithoutLoss()
    {
        await SetAsync(new TimeZoneRule { KeyName = "Europe/Rome", Standard = s_none, Daylight = s_none });
        Assert.Equal("../usr/share/zoneinfo/Europe/Rome", await LocalTimeLinkAsync());
        TimeZoneState state = await device.SendAsync(new GetTimeZone());
        Assert.Equal("Europe/Rome", state.Zone.KeyName);
        Assert.Equal(-60, state.Zone.Bias);
        Assert.Equal("0000-10-05T03:00:00Z", state.Zone.Standard.Date);
        Assert.False(state.Zone.DynamicDaylightTimeDisabled);
    }

    [Theory]
    [InlineData("Contoso Standard Time")]
    [InlineData("Europe/Contoso")]
    [InlineData("tzdata.zi")]
    [InlineData("posixrules/x")]
    public async Task Zone_Unknown_IsRefusedAndNothingChanges(string name)
    {
        await SetAsync(new TimeZoneRule { KeyName = "Asia/Tokyo", Standard = s_none, Daylight = s_none });
        ConfiguratorError error = await device.RefusedAsync(new SetTimeZone { Zone = new TimeZoneRule { KeyName = name, Standard = s_none, Daylight = s_none } });
        Assert.Equal(ConfiguratorErrorCode.InvalidArgument, error.Code);
        Assert.Equal("../usr/share/zoneinfo/Asia/Tokyo", await LocalTimeLinkAsync());
    }

    [Fact]
    public async Task ExplicitMembers_OfAWholeHourWithoutDaylightTime_AreAFixedZone()
    {
        await SetAsync(new TimeZoneRule { DynamicDaylightTimeDisabled = true, KeyName = "", Bias = 300, Standard = s_none, Daylight = s_none });
        Assert.Equal("../usr/share/zoneinfo/Etc/GMT+5", await LocalTimeLinkAsync());
        TimeZoneState state = await device.SendAsync(new GetTimeZone());
        Assert.True(state.Zone.DynamicDaylightTimeDisabled);
        Assert.Equal(300, state.Zone.Bias);
        Assert.EndsWith("-05:00", state.LocalTime, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplicitMembers_WithDaylightDates_AreNotSupportedInWords()
    {
        ConfiguratorError error = await device.RefusedAsync(new SetTimeZone
        {
            Zone = new TimeZoneRule
            {
                DynamicDaylightTimeDisabled = true,
                KeyName = "",
                Bias = 480,
                Standard = s_none with { Date = "0000-11-01T02:00:00Z" },
                Daylight = s_none with { Date = "0000-03-02T02:00:00Z", Bias = -60 },
            },
        });
        Assert.Equal(ConfiguratorErrorCode.NotSupported, error.Code);
        Assert.Contains("Name a Windows or IANA zone", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zone_Set_NamesItsStepsWithoutValues()
    {
        ResponseFrame? response = await device.TrySendAsync(
            new SetTimeZone { Zone = new TimeZoneRule { KeyName = "Asia/Tokyo", Standard = s_none, Daylight = s_none } });
        Assert.Contains(response!.Timing!.Steps, step => step.Name == "dbus org.freedesktop.timedate1.SetTimezone");
        Assert.DoesNotContain(response.Timing.Steps, step => step.Name.Contains("Tokyo", StringComparison.Ordinal));
    }

    private async Task SetAsync(TimeZoneRule zone) => await device.SendAsync(new SetTimeZone { Zone = zone });

    private async Task<string> LocalTimeLinkAsync() => (await device.Container.RunAsync("readlink", "/etc/localtime")).Text;
}
