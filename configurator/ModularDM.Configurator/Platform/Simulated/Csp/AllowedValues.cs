using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>A rule for a value that already has the node's format.</summary>
internal abstract class AllowedValues
{
    public abstract bool Allows(string value);

    /// <summary>Reads a number as nodes have them: decimal, or hexadecimal behind 0x.</summary>
    public static bool TryNumber(string text, out long number) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}

/// <summary>One of a list. Numbers are compared as numbers, words without regard to case.</summary>
internal sealed class OneOfValues(IReadOnlyList<string> values) : AllowedValues
{
    private readonly HashSet<string> _words = new(values, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<long> _numbers = [.. values.Where(value => TryNumber(value, out _)).Select(value => TryNumber(value, out long number) ? number : 0)];

    public IReadOnlyList<string> Values => values;

    public override bool Allows(string value) => _words.Contains(value) || (TryNumber(value, out long number) && _numbers.Contains(number));
}

/// <summary>A number between two, both included.</summary>
internal sealed class RangeValues(long lowest, long highest) : AllowedValues
{
    public long Lowest => lowest;

    public long Highest => highest;

    public override bool Allows(string value) => TryNumber(value, out long number) && number >= lowest && number <= highest;
}

/// <summary>Any sum of flags, and zero.</summary>
internal sealed class FlagValues(IReadOnlyList<long> flags) : AllowedValues
{
    private readonly long _all = flags.Aggregate(0L, (sum, flag) => sum | flag);

    public long All => _all;

    public override bool Allows(string value) => TryNumber(value, out long number) && number >= 0 && (number & ~_all) == 0;
}

/// <summary>The whole value matches an expression. An expression that takes too long says no.</summary>
internal sealed class RegexValues : AllowedValues
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(100);
    private readonly Regex _regex;

    private RegexValues(string pattern)
    {
        Pattern = pattern;
        _regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.CultureInvariant, s_limit);
    }

    public string Pattern { get; }

    /// <returns>Null when it is no expression.</returns>
    public static RegexValues? Create(string pattern)
    {
        try
        {
            return new RegexValues(pattern);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public override bool Allows(string value)
    {
        try
        {
            return _regex.IsMatch(value);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}

/// <summary>A text with this many characters.</summary>
internal sealed class LengthValues(int shortest, int longest) : AllowedValues
{
    public override bool Allows(string value) => value.Length >= shortest && value.Length <= longest;
}

/// <summary>A date as the Reboot CSP takes it, or nothing.</summary>
internal sealed class DateValues : AllowedValues
{
    public override bool Allows(string value) => value.Length == 0 || Windows.CspDate.TryParse(value, out _);
}

/// <summary>Well-formed JSON.</summary>
internal sealed class JsonValues : AllowedValues
{
    public override bool Allows(string value)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(value));
            while (reader.Read())
            {
                // Reading it to the end is the check.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>A well-formed XML document without a document type. A schema that a table names is not applied.</summary>
internal sealed class XmlValues : AllowedValues
{
    private static readonly XmlReaderSettings s_settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };

    public override bool Allows(string value)
    {
        try
        {
            using var text = new StringReader(value);
            using var reader = XmlReader.Create(text, s_settings);
            while (reader.Read())
            {
                // Reading it to the end is the check.
            }

            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }
}
