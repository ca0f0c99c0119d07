using ModularDM.Configurator.Operations.TimeZone;
using ModularDM.Contracts.Configurator;
using TimeZoneConverter;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>Describes a zone of the database with Windows' members, for the year in force.</summary>
internal static class KnownZone
{
    private const int YearsCompared = 6;

    // Finding the changes of several years takes milliseconds, and the answer holds for a day.
    private static volatile Described? s_last;

    public static TimeZoneRule Describe(string keyName, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (s_last is { } last && last.KeyName == keyName && last.Day == now.UtcDateTime.Date)
        {
            return last.Rule;
        }

        TimeZoneRule rule = Work(keyName, zone, now);
        s_last = new Described(keyName, now.UtcDateTime.Date, rule);
        return rule;
    }

    private static TimeZoneRule Work(string keyName, TimeZoneInfo zone, DateTimeOffset now)
    {
        int year = TimeZoneInfo.ConvertTime(now, zone).Year;
        (string standardName, string daylightName) = Names(keyName);
        List<Change> changes = ChangesIn(zone, year);
        Change? toDaylight = changes.Count == 2 ? changes.MaxBy(change => change.After) : null;
        Change? toStandard = changes.Count == 2 ? changes.MinBy(change => change.After) : null;
        if (toDaylight is null || toStandard is null || toDaylight.After == toStandard.After)
        {
            return new TimeZoneRule
            {
                KeyName = keyName,
                Bias = -(int)zone.GetUtcOffset(now).TotalMinutes,
                Standard = new TimeZoneTransition { Date = string.Empty, Name = standardName },
                Daylight = new TimeZoneTransition { Date = string.Empty, Name = daylightName },
            };
        }

        return new TimeZoneRule
        {
            KeyName = keyName,
            Bias = -(int)toStandard.After.TotalMinutes,
            Standard = ToTransition(zone, toStandard, toDaylight: false, standardName, 0),
            Daylight = ToTransition(zone, toDaylight, toDaylight: true, daylightName, (int)(toStandard.After - toDaylight.After).TotalMinutes),
        };
    }

    private static (string Standard, string Daylight) Names(string keyName)
    {
        string windows = TZConvert.KnownWindowsTimeZoneIds.Contains(keyName, StringComparer.OrdinalIgnoreCase)
            ? keyName
            : TZConvert.TryIanaToWindows(keyName, out string? converted) ? converted : keyName;
        return (windows, windows.Replace("Standard Time", "Daylight Time", StringComparison.Ordinal));
    }

    private static TimeZoneTransition ToTransition(TimeZoneInfo zone, Change change, bool toDaylight, string name, int bias)
    {
        int? week = WeekOf(zone, change, toDaylight);
        var date = new TransitionDate(
            week is null ? change.Local.Year : 0, change.Local.Month, week ?? change.Local.Day, change.Local.Hour, change.Local.Minute, change.Local.Second);
        return new TimeZoneTransition { Bias = bias, Date = date.ToString(), Name = name, DayOfWeek = week is null ? 0 : (int)change.Local.DayOfWeek };
    }

    /// <summary>The week of the month in which the change falls every year, 5 for the last; null when it follows no such rule.</summary>
    private static int? WeekOf(TimeZoneInfo zone, Change change, bool toDaylight)
    {
        HashSet<int> candidates = WeeksOf(change.Local);
        for (int year = change.Local.Year + 1; year < change.Local.Year + YearsCompared; year++)
        {
            List<Change> changes = ChangesIn(zone, year);
            Change? same = changes.Count != 2 ? null : toDaylight ? changes.MaxBy(other => other.After) : changes.MinBy(other => other.After);
            if (same is null || same.Local.Month != change.Local.Month || same.Local.DayOfWeek != change.Local.DayOfWeek || same.Local.TimeOfDay != change.Local.TimeOfDay)
            {
                return null;
            }

            candidates.IntersectWith(WeeksOf(same.Local));
        }

        return candidates.Count == 0 ? null : candidates.Max();
    }

    private static HashSet<int> WeeksOf(DateTime day)
    {
        HashSet<int> weeks = [((day.Day - 1) / 7) + 1];
        if (day.Day + 7 > DateTime.DaysInMonth(day.Year, day.Month))
        {
            weeks.Add(5);
        }

        return weeks;
    }

    private static List<Change> ChangesIn(TimeZoneInfo zone, int year)
    {
        var changes = new List<Change>();
        DateTime end = new(year + 1, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (DateTime day = new(year, 1, 1, 0, 0, 0, DateTimeKind.Utc); day < end; day = day.AddDays(1))
        {
            DateTime next = day.AddDays(1);
            if (zone.GetUtcOffset(day) != zone.GetUtcOffset(next))
            {
                changes.Add(Locate(zone, day, next));
            }
        }

        return changes;
    }

    private static Change Locate(TimeZoneInfo zone, DateTime before, DateTime after)
    {
        TimeSpan offsetBefore = zone.GetUtcOffset(before);
        TimeSpan offsetAfter = zone.GetUtcOffset(after);
        while (after - before > TimeSpan.FromSeconds(1))
        {
            DateTime middle = before.AddSeconds(Math.Floor((after - before).TotalSeconds / 2));
            if (zone.GetUtcOffset(middle) == offsetBefore)
            {
                before = middle;
            }
            else
            {
                after = middle;
            }
        }

        return new Change(after + offsetBefore, offsetAfter);
    }

    private sealed record Described(string KeyName, DateTime Day, TimeZoneRule Rule);

    /// <summary>A change of offset: the wall clock that it interrupts, and the offset from then on.</summary>
    private sealed record Change(DateTime Local, TimeSpan After);
}
