using System.Buffers.Text;
using System.Globalization;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>Whether a value fits a node.</summary>
internal static class CspValue
{
    private static readonly XmlValues s_xml = new();
    private static readonly string[] s_dates = ["yyyy-MM-dd", "yyyyMMdd"];
    private static readonly string[] s_times = ["HH:mm:ss", "HHmmss", "HH:mm:ss'Z'", "HHmmss'Z'"];

    /// <returns>200, 415 when it has not the format, 400 when it is not allowed.</returns>
    public static int Check(CspNodeTraits traits, string? format, string? data)
    {
        // Without a format it is text, as OMA DM has it.
        if (!CspFormats.TryParse(format is null or "" ? "chr" : format, out CspFormat given) || given != traits.Format)
        {
            return SyncMlStatus.BadFormat;
        }

        string value = data ?? string.Empty;
        if (value.Length == 0 && traits.EmptyDeletes)
        {
            return SyncMlStatus.Ok;
        }

        if (!HasFormat(traits.Format, value))
        {
            return SyncMlStatus.BadFormat;
        }

        return traits.Format == CspFormat.Node || traits.Allowed is not { } allowed || Parts(traits, value).All(allowed.Allows) ? SyncMlStatus.Ok : SyncMlStatus.BadRequest;
    }

    /// <summary>Whether a node with this name may be made below a parent.</summary>
    /// <returns>200, 400 when the name is not allowed, 405 when there are enough of them.</returns>
    public static int CheckName(CspNode parent, CspNodeDefinition child, string name)
    {
        if (!child.IsDynamic)
        {
            return SyncMlStatus.Ok;
        }

        if (child.Traits.Format == CspFormat.Node && child.Traits.Allowed?.Allows(name) == false)
        {
            return SyncMlStatus.BadRequest;
        }

        return child.Traits.MaxOccurs is { } most && parent.CountDynamic() >= most ? SyncMlStatus.NotAllowed : SyncMlStatus.Ok;
    }

    private static string[] Parts(CspNodeTraits traits, string value) => traits.Delimiter is { } delimiter
        ? value.Split(delimiter, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : [value];

    private static bool HasFormat(CspFormat format, string value) => format switch
    {
        CspFormat.Node or CspFormat.Null => value.Length == 0,
        CspFormat.Int => AllowedValues.TryNumber(value, out _),
        CspFormat.Bool => value is "0" or "1" || value.Equals("true", StringComparison.OrdinalIgnoreCase) || value.Equals("false", StringComparison.OrdinalIgnoreCase),
        CspFormat.Float => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number),
        CspFormat.B64 or CspFormat.Bin => Base64.IsValid(value),
        CspFormat.Date => DateOnly.TryParseExact(value, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        CspFormat.Time => TimeOnly.TryParseExact(value, s_times, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        CspFormat.Xml => s_xml.Allows(value),
        _ => true,
    };
}
