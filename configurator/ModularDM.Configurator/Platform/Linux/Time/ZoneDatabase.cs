using System.Globalization;
using System.Text;
using TimeZoneConverter;

namespace ModularDM.Configurator.Platform.Linux.Time;

/// <summary>The zones of the operating system, by IANA name, and their names on Windows.</summary>
internal static class ZoneDatabase
{
    private const int MaxZoneFile = 64 * 1024;
    private const string Folder = "/usr/share/zoneinfo";

    /// <summary>The IANA name for a Windows or IANA name; null when nobody knows it.</summary>
    public static string? ToIana(string name)
    {
        if (TZConvert.TryWindowsToIana(name, out string? iana) && Exists(iana))
        {
            return iana;
        }

        return Exists(name) ? name : null;
    }

    /// <summary>The Windows name that the zone goes by; null when it has none.</summary>
    public static string? ToWindows(string iana) => TZConvert.TryIanaToWindows(iana, out string? windows) ? windows : null;

    /// <summary>The rule in force from now on; null when the zone's file has none that can be expressed.</summary>
    public static PosixZone? ReadRule(string iana)
    {
        if (!Exists(iana))
        {
            return null;
        }

        using FileStream stream = File.OpenRead(Path.Combine(Folder, iana));
        if (stream.Length is < 44 or > MaxZoneFile)
        {
            return null;
        }

        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        ReadOnlySpan<byte> body = bytes;
        // Version 2 and later end with "\nRULE\n".
        if (!body.StartsWith("TZif"u8) || body[^1] != '\n')
        {
            return null;
        }

        int start = body[..^1].LastIndexOf((byte)'\n') + 1;
        return PosixZone.Parse(Encoding.ASCII.GetString(body[start..^1]));
    }

    /// <summary>The moment in a zone's local time, read anew: the cached zone of this process may be yesterday's.</summary>
    public static DateTimeOffset ToLocal(DateTimeOffset moment, string iana) => TimeZoneInfo.ConvertTime(moment, TimeZoneInfo.FindSystemTimeZoneById(iana));

    /// <summary>The fixed-offset zone so many minutes west of UTC; null when there is none. The sign in these names is that of POSIX: Etc/GMT+5 is west.</summary>
    public static string? FixedZone(int minutesWest)
    {
        if (minutesWest == 0)
        {
            return "Etc/UTC";
        }

        int hours = minutesWest / 60;
        if (minutesWest % 60 != 0 || hours is < -14 or > 12)
        {
            return null;
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"Etc/GMT{(hours > 0 ? "+" : "-")}{Math.Abs(hours)}");
        return Exists(name) ? name : null;
    }

    /// <summary>The name that reports a zone without loss: the Windows name where it leads back to this very zone, otherwise the IANA name.</summary>
    public static string ToKeyName(string iana) => ToWindows(iana) is { } windows && ToIana(windows) == iana ? windows : iana;

    /// <summary>Etc/GMT+5 and its like: zones chosen for their offset.</summary>
    public static bool IsFixedZone(string iana) => iana.StartsWith("Etc/GMT", StringComparison.Ordinal) && iana.Length > 8;

    // Letters, digits and -_+/ only, as the zone database itself has them: a name that goes into a path.
    private static bool Exists(string iana)
    {
        if (iana.Length is 0 or > 64 || !char.IsAsciiLetter(iana[0]) || iana.Contains("//", StringComparison.Ordinal) || iana.EndsWith('/'))
        {
            return false;
        }

        foreach (char c in iana)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '+' or '/'))
            {
                return false;
            }
        }

        string path = Path.Combine(Folder, iana);
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("TZif"u8);
    }
}
