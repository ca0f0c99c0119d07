using System.Globalization;

namespace ModularDM.Configurator.Platform.Linux.Reboot;

/// <summary>The unit files of the two schedules. They are persistent, so that a schedule outlives a reboot; what login1 schedules does not.</summary>
internal static class RebootTimer
{
    public const string Single = "modulardm-reboot-single.timer";
    public const string Daily = "modulardm-reboot-daily.timer";
    public const string Service = "modulardm-reboot.service";
    private const string AtKey = "At=";

    // systemd's calendar ends here.
    private const int LastYear = 2199;

    /// <summary>Inhibitors and users are not asked: a scheduled reboot is meant to happen when nobody is there.</summary>
    public static string RenderService(string systemctl) => $"""
        # Written by ModularDM.
        [Unit]
        Description=Scheduled reboot (ModularDM)

        [Service]
        Type=oneshot
        ExecStart={systemctl} reboot --check-inhibitors=no

        """;

    public static string RenderSingle(DateTimeOffset at) => Render("Single reboot (ModularDM)", at, [Moment(at.UtcDateTime)]);

    /// <summary>Every day at this time in UTC, from its day on. One calendar expression cannot say "from a day on", up to three together can.</summary>
    public static string RenderDaily(DateTimeOffset first)
    {
        DateTime day = first.UtcDateTime;
        string time = day.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        int last = DateTime.DaysInMonth(day.Year, day.Month);
        var calendars = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{day.Year}-{day.Month:00}-{Span(day.Day, last)} {time} UTC") };
        if (day.Month < 12)
        {
            calendars.Add(string.Create(CultureInfo.InvariantCulture, $"{day.Year}-{Span(day.Month + 1, 12)}-* {time} UTC"));
        }

        if (day.Year < LastYear)
        {
            calendars.Add(string.Create(CultureInfo.InvariantCulture, $"{Span(day.Year + 1, LastYear)}-*-* {time} UTC"));
        }

        return Render("Daily reboot (ModularDM)", first, calendars);
    }

    /// <summary>The moment that a timer's file was made for; null when the file is not one of ours.</summary>
    public static DateTimeOffset? ReadAt(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(AtKey, StringComparison.Ordinal)
                && DateTimeOffset.TryParseExact(line[AtKey.Length..], "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
            {
                return at;
            }
        }

        return null;
    }

    public static bool CanHold(DateTimeOffset moment) => moment.UtcDateTime.Year is >= 1970 and <= LastYear;

    private static string Moment(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Span(int first, int last) =>
        first == last ? first.ToString("00", CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first:00}..{last:00}");

    // systemd passes over sections that begin with X-; ours keeps the moment as it was asked for.
    private static string Render(string description, DateTimeOffset at, IEnumerable<string> calendars) => $"""
        # Written by ModularDM.
        [Unit]
        Description={description}

        [Timer]
        {string.Join('\n', calendars.Select(calendar => $"OnCalendar={calendar}"))}
        AccuracySec=1s
        Persistent=false
        Unit={Service}

        [Install]
        WantedBy=timers.target

        [X-ModularDM]
        {AtKey}{at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}

        """;
}
