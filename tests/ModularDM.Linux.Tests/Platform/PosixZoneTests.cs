using CsCheck;
using ModularDM.Configurator.Platform.Linux.Time;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Linux.Tests.Platform;

public sealed class PosixZoneTests
{
    [Theory]
    [InlineData("PST8PDT,M3.2.0,M11.1.0", 480, "0000-11-01T02:00:00Z", 0, "0000-03-02T02:00:00Z", 0, -60)]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0/3", -60, "0000-10-05T03:00:00Z", 0, "0000-03-05T02:00:00Z", 0, -60)]
    [InlineData("IST-1GMT0,M10.5.0,M3.5.0/1", 0, "0000-10-05T02:00:00Z", 0, "0000-03-05T01:00:00Z", 0, -60)]
    [InlineData("EET-2EEST,M4.5.5/0,M10.5.4/24", -120, "0000-10-05T23:59:59Z", 4, "0000-04-05T00:00:00Z", 5, -60)]
    [InlineData("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 120, "0000-10-05T00:00:00Z", 0, "0000-03-05T23:00:00Z", 6, -60)]
    [InlineData("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", -630, "0000-04-01T02:00:00Z", 0, "0000-10-01T02:00:00Z", 0, -30)]
    [InlineData("IST-5:30", -330, "", 0, "", 0, 0)]
    public void Rule_OfAZoneFile_BecomesWindowsMembers(string rule, int bias, string standard, int standardDay, string daylight, int daylightDay, int daylightBias)
    {
        PosixZone? zone = PosixZone.Parse(rule);
        Assert.NotNull(zone);
        (int west, TimeZoneTransition s, TimeZoneTransition d) = zone.ToWindows("s", "d");
        Assert.Equal((bias, standard, standardDay, daylight, daylightDay, daylightBias), (west, s.Date, s.DayOfWeek, d.Date, d.DayOfWeek, d.Bias));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PST")]
    [InlineData("PST8PDT")]
    [InlineData("PST8PDT,J60,J300")]
    [InlineData("PST8PDT,M13.1.0,M11.1.0")]
    [InlineData("PST8PDT,M3.0.0,M11.1.0")]
    [InlineData("PST8PDT,M3.2.7,M11.1.0")]
    [InlineData("PST8PDT,M3.2.0,M11.1.0x")]
    [InlineData("<PST8PDT")]
    [InlineData("PST999")]
    public void Rule_ThatCannotBeExpressed_IsNone(string rule) => Assert.Null(PosixZone.Parse(rule));

    [Fact]
    public void Rule_OfAnyText_ParsesOrNotAndNeverThrows() =>
        Gen.String[Gen.Char["<>+-0159:,./MJPSTabc\n"], 0, 40].Sample(text => _ = PosixZone.Parse(text)?.ToWindows("s", "d"), iter: 20_000);

    [Fact]
    public void Rules_OfAllZones_AgreeWithTheRuntimesOwnReading()
    {
        Assert.SkipUnless(Directory.Exists("/usr/share/zoneinfo"), "This machine has no zone database.");
        var summer = new DateTimeOffset(2035, 7, 15, 12, 0, 0, TimeSpan.Zero);
        var winter = new DateTimeOffset(2035, 1, 15, 12, 0, 0, TimeSpan.Zero);
        int checkedZones = 0;
        foreach (TimeZoneInfo zone in TimeZoneInfo.GetSystemTimeZones())
        {
            // Zones of Ramadan have no rule; their files list each change until 2087.
            if (ZoneDatabase.ReadRule(zone.Id) is not { } rule || zone.Id is "Africa/Casablanca" or "Africa/El_Aaiun")
            {
                continue;
            }

            var offsets = new HashSet<int> { -rule.StandardWest, -rule.DaylightWest };
            Assert.Contains((int)zone.GetUtcOffset(summer).TotalMinutes, offsets);
            Assert.Contains((int)zone.GetUtcOffset(winter).TotalMinutes, offsets);
            Assert.Equal(rule.DaylightBegins is not null, zone.GetUtcOffset(summer) != zone.GetUtcOffset(winter));
            checkedZones++;
        }

        Assert.True(checkedZones > 300, $"Only {checkedZones} zones were checked.");
    }

    [Fact]
    public void KeyName_OfEveryZone_LeadsBackToIt()
    {
        Assert.SkipUnless(Directory.Exists("/usr/share/zoneinfo"), "This machine has no zone database.");
        // To Windows, UTC is Etc/UTC; the two are one zone.
        Assert.All(TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.Id != "UTC"), zone => Assert.Equal(zone.Id, ZoneDatabase.ToIana(ZoneDatabase.ToKeyName(zone.Id))));
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("/etc/localtime")]
    [InlineData("Europe")]
    [InlineData("Europe/")]
    [InlineData("Europe//Berlin")]
    [InlineData("tzdata.zi")]
    [InlineData("")]
    public void Zone_ThatIsNoneOfTheDatabase_IsUnknown(string name) => Assert.Null(ZoneDatabase.ToIana(name));

    [Theory]
    [InlineData(300, "Etc/GMT+5")]
    [InlineData(-840, "Etc/GMT-14")]
    [InlineData(720, "Etc/GMT+12")]
    [InlineData(0, "Etc/UTC")]
    [InlineData(-330, null)]
    [InlineData(780, null)]
    public void FixedZone_OfWholeHours_HasPosixSign(int west, string? zone)
    {
        Assert.SkipUnless(File.Exists("/usr/share/zoneinfo/Etc/GMT+5"), "This machine has no zone database.");
        Assert.Equal(zone, ZoneDatabase.FixedZone(west));
    }
}
