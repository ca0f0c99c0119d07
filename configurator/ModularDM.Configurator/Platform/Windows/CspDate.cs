using System.Globalization;
using System.Text.RegularExpressions;

namespace ModularDM.Configurator.Platform.Windows;

/// <summary>Dates as the Reboot CSP writes them: ISO 8601, sometimes with three digits for the offset's hours.</summary>
internal static partial class CspDate
{
    private const int MaxOffsetMinutes = 14 * 60;

    public static bool TryParse(string text, out DateTimeOffset date)
    {
        date = default;
        Match match = Grammar().Match(text.Trim());
        if (!match.Success || !DateTime.TryParseExact(
            match.Groups["local"].Value, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
        {
            return false;
        }

        int minutes = 0;
        if (match.Groups["hours"].Success)
        {
            minutes = (int.Parse(match.Groups["hours"].ValueSpan, CultureInfo.InvariantCulture) * 60)
                + int.Parse(match.Groups["minutes"].ValueSpan, CultureInfo.InvariantCulture);
            minutes = match.Groups["sign"].Value == "-" ? -minutes : minutes;
        }

        long utcTicks = local.Ticks - (minutes * TimeSpan.TicksPerMinute);
        if (Math.Abs(minutes) > MaxOffsetMinutes || utcTicks < DateTime.MinValue.Ticks || utcTicks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        date = new DateTimeOffset(utcTicks, TimeSpan.Zero);
        return true;
    }

    public static string Format(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"\A(?<local>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(?:Z|(?<sign>[+-])(?<hours>[0-9]{2,3}):(?<minutes>[0-5][0-9]))?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
