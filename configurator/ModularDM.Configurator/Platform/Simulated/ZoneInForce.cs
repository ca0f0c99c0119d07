using ModularDM.Configurator.Operations.TimeZone;
using ModularDM.Contracts.Configurator;
using TimeZoneConverter;

namespace ModularDM.Configurator.Platform.Simulated;

/// <summary>A zone as the system applies it: what it would report, and the local time it gives.</summary>
internal sealed class ZoneInForce
{
    private readonly TimeZoneInfo _zone;

    private ZoneInForce(TimeZoneRule rule, TimeZoneInfo zone)
    {
        Rule = rule;
        _zone = zone;
    }

    public TimeZoneRule Rule { get; }

    /// <exception cref="ConfiguratorException">The explicit members hold, and make no zone.</exception>
    public static ZoneInForce Create(TimeZoneRule wanted, DateTimeOffset now)
    {
        if (!wanted.DynamicDaylightTimeDisabled && wanted.KeyName.Length > 0 && TZConvert.TryGetTimeZoneInfo(wanted.KeyName, out TimeZoneInfo? known))
        {
            return new ZoneInForce(KnownZone.Describe(wanted.KeyName, known, now), known);
        }

        TimeZoneRule rule = wanted with { Standard = Canonical(wanted.Standard), Daylight = Canonical(wanted.Daylight) };
        return new ZoneInForce(rule, FromMembers(rule));
    }

    public DateTimeOffset ToLocal(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, _zone);

    private static TimeZoneTransition Canonical(TimeZoneTransition transition) =>
        TransitionDate.TryParse(transition.Date, out TransitionDate date) ? transition with { Date = date.ToString() } : transition;

    private static TimeZoneInfo FromMembers(TimeZoneRule rule)
    {
        TimeSpan standardOffset = TimeSpan.FromMinutes(-(rule.Bias + rule.Standard.Bias));
        try
        {
            if (!TransitionDate.TryParse(rule.Standard.Date, out TransitionDate toStandard) || !TransitionDate.TryParse(rule.Daylight.Date, out TransitionDate toDaylight))
            {
                return TimeZoneInfo.CreateCustomTimeZone("members", standardOffset, rule.Standard.Name, rule.Standard.Name);
            }

            (DateTime first, DateTime last) = toDaylight.IsRule
                ? (DateTime.MinValue.Date, DateTime.MaxValue.Date)
                : (new DateTime(toDaylight.Year, 1, 1), new DateTime(toDaylight.Year, 12, 31));
            TimeZoneInfo.AdjustmentRule adjustment = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                first,
                last,
                TimeSpan.FromMinutes(rule.Standard.Bias - rule.Daylight.Bias),
                Transition(toDaylight, rule.Daylight.DayOfWeek),
                Transition(toStandard, rule.Standard.DayOfWeek));
            return TimeZoneInfo.CreateCustomTimeZone("members", standardOffset, rule.Standard.Name, rule.Standard.Name, rule.Daylight.Name, [adjustment]);
        }
        catch (Exception e) when (e is ArgumentException or InvalidTimeZoneException)
        {
            throw ConfiguratorException.InvalidArgument($"The zone's members make no time zone: {e.Message}", Operations.ErrorNumbers.InvalidValue);
        }
    }

    private static TimeZoneInfo.TransitionTime Transition(TransitionDate date, int dayOfWeek)
    {
        DateTime time = DateTime.MinValue + date.Time.ToTimeSpan();
        return date.IsRule
            ? TimeZoneInfo.TransitionTime.CreateFloatingDateRule(time, date.Month, date.Week, (DayOfWeek)dayOfWeek)
            : TimeZoneInfo.TransitionTime.CreateFixedDateRule(time, date.Month, date.Day);
    }
}
