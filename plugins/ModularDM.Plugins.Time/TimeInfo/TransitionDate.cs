using System.Globalization;
using System.Text.RegularExpressions;

namespace ModularDM.Plugins.Time.TimeInfo;

/// <summary>The date on which one half of the year begins, in the spellings that operators use.</summary>
internal static partial class TransitionDate
{
    public const string Expected =
        "expected YYYY-MM-DDThh:mm:ss, with Z, an offset or nothing behind it (year 0000: the day is the week of the month, 1 to 5), or M/D/YYYY h:mm:ss AM; empty for no daylight time";

    /// <summary>The date as <c>YYYY-MM-DDThh:mm:ssZ</c>; empty stays empty; null when it is none of the spellings.</summary>
    /// <remarks>The offset is read and not applied: the time of day is local to the zone that is being defined.</remarks>
    public static string? Canonical(string text) =>
        text.Length == 0 ? "" : Iso().Match(text) is { Success: true } iso ? FromIso(iso) : FromUs(text);

    private static string? FromIso(Match match)
    {
        int year = Number(match, "year");
        int month = Number(match, "month");
        int day = Number(match, "day");
        int lastDay = year == 0 ? 5 : month is >= 1 and <= 12 ? DateTime.DaysInMonth(year, month) : 0;
        bool good = month is >= 1 and <= 12 && day >= 1 && day <= lastDay
            && Number(match, "hour") < 24 && Number(match, "minute") < 60 && Number(match, "second") < 60;
        return good ? $"{match.Groups["stamp"].Value}Z" : null;
    }

    private static string? FromUs(string text) =>
        DateTime.TryParseExact(text, "M/d/yyyy h:mm:ss tt", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date)
            ? date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : null;

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    // The original reads offsets of three-digit hours too.
    [GeneratedRegex(
        """\A(?<stamp>(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})T(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2}))(Z|[+-][0-9]{2,3}:[0-9]{2})?\z""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Iso();
}
