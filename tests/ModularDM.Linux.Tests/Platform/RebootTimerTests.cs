using CsCheck;
using ModularDM.Configurator.Platform.Linux.Reboot;

namespace ModularDM.Linux.Tests.Platform;

public sealed class RebootTimerTests
{
    private static readonly Gen<DateTimeOffset> s_moments = Gen.Long[0, 7_258_118_399].Select(DateTimeOffset.FromUnixTimeSeconds);

    [Fact]
    public void Moment_OfEitherTimer_IsReadBackFromItsFile() => s_moments.Sample(moment =>
    {
        Assert.Equal(moment, RebootTimer.ReadAt(RebootTimer.RenderSingle(moment)));
        Assert.Equal(moment, RebootTimer.ReadAt(RebootTimer.RenderDaily(moment)));
    });

    [Fact]
    public void Daily_Calendars_HoldEachDayFromTheFirstOnOnceAndNoneBefore() => Gen.Select(s_moments, Gen.Int[-800, 4000]).Sample((first, days) =>
    {
        DateTime day = first.UtcDateTime.Date.AddDays(days);
        int matches = RebootTimer.RenderDaily(first).Split('\n')
            .Where(line => line.StartsWith("OnCalendar=", StringComparison.Ordinal))
            .Count(line => Matches(line["OnCalendar=".Length..].Split(' ')[0], day));
        Assert.Equal(day >= first.UtcDateTime.Date && day.Year <= 2199 ? 1 : 0, matches);
    });

    [Theory]
    [InlineData("")]
    [InlineData("At=tomorrow")]
    [InlineData("[X-ModularDM]\nAt=2026-13-01T00:00:00Z")]
    public void File_ThatIsNotOurs_HasNoMoment(string text) => Assert.Null(RebootTimer.ReadAt(text));

    private static bool Matches(string date, DateTime day)
    {
        string[] parts = date.Split('-');
        return Within(parts[0], day.Year) && Within(parts[1], day.Month) && Within(parts[2], day.Day);
    }

    private static bool Within(string part, int value) => part == "*" || part.Split("..") switch
    {
        [var one] => Number(one) == value,
        [var first, var last] => Number(first) <= value && value <= Number(last),
        _ => throw new FormatException(part),
    };

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
