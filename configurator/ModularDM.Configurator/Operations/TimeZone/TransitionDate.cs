using System.Globalization;
using System.Text.RegularExpressions;

namespace ModularDM.Configurator.Operations.TimeZone;

/// <summary>
/// A transition's moment: in year 0000 a rule (month, week of the month, day of the week), otherwise a date that happens once. The suffix of the text is
/// read and not applied, as in the original contract.
/// </summary>
internal readonly partial record struct TransitionDate(int Year, int Month, int Day, int Hour, int Minute, int Second)
{
    public bool IsRule => Year == 0;

    /// <summary>Week of the month, 1 to 5 (5 is the last), when this is a rule.</summary>
    public int Week => Day;

    public TimeOnly Time => new(Hour, Minute, Second);

    public static bool TryParse(string text, out TransitionDate date)
    {
        date = default;
        Match match = Grammar().Match(text);
        if (!match.Success)
        {
            return false;
        }

        date = new TransitionDate(Number(1), Number(2), Number(3), Number(4), Number(5), Number(6));
        bool time = date is { Hour: <= 23, Minute: <= 59, Second: <= 59 };
        bool day = date.Month is >= 1 and <= 12 && date.Day >= 1
            && date.Day <= (date.IsRule ? 5 : DateTime.DaysInMonth(date.Year, date.Month));
        return time && day;

        int Number(int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Year:0000}-{Month:00}-{Day:00}T{Hour:00}:{Minute:00}:{Second:00}Z");

    [GeneratedRegex(@"\A([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:Z|[+-][0-9]{2,3}:[0-9]{2})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
