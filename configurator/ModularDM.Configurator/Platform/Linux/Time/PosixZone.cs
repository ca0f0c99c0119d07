using System.Globalization;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>The rule that a zone follows from now on, as the last line of its file has it: <c>PST8PDT,M3.2.0,M11.1.0</c>.</summary>
/// <param name="StandardName">Abbreviation of standard time.</param>
/// <param name="StandardWest">Minutes west of UTC in standard time.</param>
/// <param name="DaylightName">Abbreviation of daylight time; empty when there is none.</param>
/// <param name="DaylightWest">Minutes west of UTC in daylight time.</param>
/// <param name="DaylightBegins">When daylight time begins; null when there is none.</param>
/// <param name="StandardBegins">When standard time begins again.</param>
internal sealed record PosixZone(
    string StandardName, int StandardWest, string DaylightName, int DaylightWest, PosixTransition? DaylightBegins, PosixTransition? StandardBegins)
{
    /// <returns>Null when the text is no rule that Windows' members can express (a day of the year in place of month, week and day of week).</returns>
    public static PosixZone? Parse(string text)
    {
        var scanner = new Scanner(text);
        if (!scanner.Name(out string standard) || !scanner.Time(out int standardWest))
        {
            return null;
        }

        if (scanner.AtEnd)
        {
            return standardWest % 60 == 0 ? new PosixZone(standard, standardWest / 60, "", standardWest / 60, null, null) : null;
        }

        if (!scanner.Name(out string daylight))
        {
            return null;
        }

        int daylightWest = standardWest - 3600;
        if (!scanner.At(',') && !scanner.Time(out daylightWest))
        {
            return null;
        }

        if (!scanner.Transition(out PosixTransition? begins) || !scanner.Transition(out PosixTransition? ends) || !scanner.AtEnd
            || standardWest % 60 != 0 || daylightWest % 60 != 0)
        {
            return null;
        }

        var zone = new PosixZone(standard, standardWest / 60, daylight, daylightWest / 60, begins, ends);

        // Ireland calls its winter "daylight" with a negative saving; Windows always has summer as daylight.
        return daylightWest <= standardWest ? zone : new PosixZone(daylight, zone.DaylightWest, standard, zone.StandardWest, ends, begins);
    }

    /// <summary>Windows' members for this rule.</summary>
    public (int Bias, TimeZoneTransition Standard, TimeZoneTransition Daylight) ToWindows(string standardName, string daylightName) => (
        StandardWest,
        new TimeZoneTransition { Bias = 0, Name = standardName, Date = StandardBegins?.ToDate() ?? "", DayOfWeek = StandardBegins?.ToDayOfWeek() ?? 0 },
        new TimeZoneTransition
        {
            Bias = DaylightWest - StandardWest, Name = daylightName, Date = DaylightBegins?.ToDate() ?? "", DayOfWeek = DaylightBegins?.ToDayOfWeek() ?? 0,
        });

    private ref struct Scanner(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> _rest = text;

        public readonly bool AtEnd => _rest.IsEmpty;

        public readonly bool At(char c) => !_rest.IsEmpty && _rest[0] == c;

        /// <summary><c>PST</c> or <c>&lt;+0330&gt;</c>.</summary>
        public bool Name(out string name)
        {
            bool quoted = Skip('<');
            int length = 0;
            while (length < _rest.Length && (char.IsAsciiLetter(_rest[length]) || (quoted && (char.IsAsciiDigit(_rest[length]) || _rest[length] is '+' or '-'))))
            {
                length++;
            }

            name = _rest[..length].ToString();
            _rest = _rest[length..];
            return length is >= 3 and <= 16 && (!quoted || Skip('>'));
        }

        /// <summary><c>[+-]h[h[h]][:mm[:ss]]</c> in seconds.</summary>
        public bool Time(out int seconds)
        {
            int sign = Skip('-') ? -1 : 1;
            if (sign == 1)
            {
                Skip('+');
            }

            bool good = Number(167, out int hours);
            int minutes = 0;
            int rest = 0;
            if (good && Skip(':'))
            {
                good = Number(59, out minutes) && (!Skip(':') || Number(59, out rest));
            }

            seconds = sign * ((hours * 3600) + (minutes * 60) + rest);
            return good;
        }

        /// <summary><c>,Mm.w.d[/time]</c>.</summary>
        public bool Transition(out PosixTransition? transition)
        {
            transition = null;
            if (!Skip(',') || !Skip('M') || !Number(12, out int month) || !Skip('.') || !Number(5, out int week) || !Skip('.') || !Number(6, out int day))
            {
                return false;
            }

            int seconds = 2 * 3600;
            if (Skip('/') && !Time(out seconds))
            {
                return false;
            }

            transition = new PosixTransition(month, week, day, seconds);
            return month > 0 && week > 0;
        }

        private bool Skip(char c)
        {
            if (!At(c))
            {
                return false;
            }

            _rest = _rest[1..];
            return true;
        }

        private bool Number(int max, out int value)
        {
            int length = 0;
            while (length < _rest.Length && length < 3 && char.IsAsciiDigit(_rest[length]))
            {
                length++;
            }

            value = 0;
            bool good = length > 0 && int.TryParse(_rest[..length], NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= max;
            _rest = _rest[length..];
            return good;
        }
    }
}

/// <summary>The <paramref name="Week"/>th (5: last) <paramref name="DayOfWeek"/> of a month, and seconds from its midnight: from -167 to 167 hours.</summary>
internal sealed record PosixTransition(int Month, int Week, int DayOfWeek, int Seconds)
{
    private const int Day = 86400;

    /// <summary>Year 0000, month, week of month in the day's place, and the time.</summary>
    public string ToDate()
    {
        int time = TimeOfDay;
        return string.Create(CultureInfo.InvariantCulture, $"0000-{Month:00}-{Week:00}T{time / 3600:00}:{time / 60 % 60:00}:{time % 60:00}Z");
    }

    /// <summary>Hours outside of the day move the day of week; the week stays, which is the nearest that Windows' members can say.</summary>
    public int ToDayOfWeek() => (DayOfWeek + (Seconds == Day ? 0 : (int)Math.Floor((double)Seconds / Day)) + 14) % 7;

    // Windows writes midnight at the end of a day as its last second.
    private int TimeOfDay => Seconds == Day ? Day - 1 : ((Seconds % Day) + Day) % Day;
}
