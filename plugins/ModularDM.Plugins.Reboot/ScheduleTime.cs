using System.Globalization;

namespace ModularDM.Plugins.Reboot;

/// <summary>The moments of a schedule: read with any offset, written in UTC.</summary>
internal static class ScheduleTime
{
    public const string Expected = "expected YYYY-MM-DDThh:mm:ss with Z or an offset (UTC without), or an empty text for no schedule";

    // Fractions are read because programs write them; a schedule has whole seconds.
    private static readonly string[] s_formats =
    [
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>True for a moment, and for null or empty text, which is none.</summary>
    public static bool IsGood(string? text) => string.IsNullOrEmpty(text) || TryParse(text, out _);

    /// <summary>The moment, or null for none.</summary>
    /// <exception cref="FormatException">The text is not <see cref="IsGood"/>.</exception>
    public static DateTimeOffset? Read(string? text) =>
        string.IsNullOrEmpty(text) ? null : TryParse(text, out DateTimeOffset moment) ? WholeSeconds(moment) : throw new FormatException(Expected);

    /// <summary><c>YYYY-MM-DDThh:mm:ssZ</c>, or empty for none.</summary>
    public static string Format(DateTimeOffset? moment) =>
        moment is { } given ? given.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "";

    /// <summary>The moment in UTC without its fraction of a second.</summary>
    public static DateTimeOffset WholeSeconds(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    private static bool TryParse(string text, out DateTimeOffset moment) =>
        DateTimeOffset.TryParseExact(text, s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment);
}
