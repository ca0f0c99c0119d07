using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModularDM.Configurator.Authorization;

/// <summary>
/// The address of a CSP node, taken apart before anything is decided: which half of the tree, and the segments, each decoded once. What two readers could
/// understand differently is no address.
/// </summary>
internal sealed class CspAddress
{
    public const int MaxChars = 2048;
    private const int MaxSegments = 40;
    private const string ListParameter = "?list=";
    private const string Raw = @"\*?#";
    private readonly string _text;

    private CspAddress(string text, bool ofUser, string? list, IReadOnlyList<string> segments)
    {
        _text = text;
        OfUser = ofUser;
        List = list;
        Segments = segments;
    }

    /// <summary>True for <c>./User</c>; no prefix and <c>./Device</c> mean the device.</summary>
    public bool OfUser { get; }

    /// <summary><c>Struct</c>, <c>StructData</c>, or null.</summary>
    public string? List { get; }

    public IReadOnlyList<string> Segments { get; }

    /// <summary>The address without <c>?list=</c>, as it was written.</summary>
    public string Path => List is null ? _text : _text[.._text.IndexOf(ListParameter, StringComparison.Ordinal)];

    /// <param name="text">The address as it was written.</param>
    /// <param name="address">The address.</param>
    /// <param name="why">What is wrong with it; never the text itself.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CspAddress? address, [NotNullWhen(false)] out string? why)
    {
        address = null;
        if (text.Length is 0 or > MaxChars)
        {
            why = $"an address has 1 to {MaxChars} characters, this has {text.Length}";
            return false;
        }

        if (!text.StartsWith("./", StringComparison.Ordinal))
        {
            why = "an address starts with ./, as ./Vendor/MSFT/WiFi";
            return false;
        }

        string path = text;
        string? list = null;
        int at = text.IndexOf(ListParameter, StringComparison.Ordinal);
        if (at >= 0)
        {
            list = text[(at + ListParameter.Length)..];
            path = text[..at];
            if (list is not ("Struct" or "StructData"))
            {
                why = "?list= is Struct or StructData";
                return false;
            }
        }

        if (!TryTakeApart(path["./".Length..], out List<string> segments, out why))
        {
            return false;
        }

        bool ofUser = segments[0].Equals("User", StringComparison.OrdinalIgnoreCase);
        if (ofUser || segments[0].Equals("Device", StringComparison.OrdinalIgnoreCase))
        {
            segments.RemoveAt(0);
        }

        address = new CspAddress(text, ofUser, list, segments);
        return true;
    }

    /// <summary>True when <paramref name="other"/> is this node or lies below it; whole segments count, and case does too.</summary>
    public bool Covers(CspAddress other) =>
        OfUser == other.OfUser && other.Segments.Count >= Segments.Count && Segments.SequenceEqual(other.Segments.Take(Segments.Count), StringComparer.Ordinal);

    public override string ToString() => _text;

    private static bool TryTakeApart(string path, out List<string> segments, [NotNullWhen(false)] out string? why)
    {
        segments = [];
        why = null;
        foreach (string written in path.Split('/'))
        {
            why = WrongWith(written, out string decoded);
            if (why is not null)
            {
                return false;
            }

            segments.Add(decoded);
        }

        why = segments.Count > MaxSegments ? $"an address has at most {MaxSegments} segments" : null;
        return why is null;
    }

    private static string? WrongWith(string written, out string decoded)
    {
        decoded = string.Empty;
        if (written.Length == 0)
        {
            return "a segment is empty";
        }

        if (written.AsSpan().ContainsAny(Raw) || written.Any(char.IsControl))
        {
            return $"a segment holds a control character or one of {Raw}; percent-encode it";
        }

        for (int percent = written.IndexOf('%', StringComparison.Ordinal); percent >= 0; percent = written.IndexOf('%', percent + 1))
        {
            if (!IsEscape(written, percent))
            {
                return "a % is not followed by two hexadecimal digits";
            }
        }

        decoded = Uri.UnescapeDataString(written);
        // Twice encoded, or bytes that are no UTF-8: somebody behind us might decode once more than we did.
        for (int percent = decoded.IndexOf('%', StringComparison.Ordinal); percent >= 0; percent = decoded.IndexOf('%', percent + 1))
        {
            if (IsEscape(decoded, percent))
            {
                return "a segment is percent-encoded twice, or not as UTF-8";
            }
        }

        // A decoded / stays inside its segment here; no reader may make a way up, or a way at all, out of it.
        return decoded.Any(char.IsControl) || decoded.Contains('\\', StringComparison.Ordinal) || decoded.Split('/').Any(part => part is "" or "." or "..")
            ? "a segment is, or hides, a control character, \\, . or .."
            : null;
    }

    private static bool IsEscape(string text, int percent) =>
        percent + 2 < text.Length && byte.TryParse(text.AsSpan(percent + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
}
