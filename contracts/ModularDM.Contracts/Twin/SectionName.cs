namespace ModularDM.Contracts.Twin;

/// <summary>A section's full name: <c>vendor.section</c>, as in <c>properties.desired.windows.timeInfo</c>.</summary>
/// <param name="Vendor">The first-level node of the twin.</param>
/// <param name="Section">The node below it.</param>
public readonly record struct SectionName(string Vendor, string Section)
{
    /// <summary><c>vendor.section</c>.</summary>
    public override string ToString() => $"{Vendor}.{Section}";

    /// <summary>Reads a name as plugins write it: <c>contoso.fan</c>, or <c>timeInfo</c> alone for a section of the core vendor.</summary>
    /// <param name="name">The name on the attribute.</param>
    /// <param name="coreVendor">The vendor of a name without a dot (<c>windows</c> unless configured otherwise).</param>
    /// <exception cref="FormatException">Not one or two parts of 1 to 64 letters, digits, '-' or '_', beginning with a letter.</exception>
    public static SectionName Parse(string name, string coreVendor)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Split('.');
        if (parts.Length > 2 || !parts.All(IsPart))
        {
            throw new FormatException(
                $"'{name}' is not a name: expected 'section' or 'vendor.section', each of 1 to 64 letters, digits, '-' or '_', beginning with a letter.");
        }

        return parts.Length == 2 ? new SectionName(parts[0], parts[1]) : new SectionName(coreVendor, parts[0]);
    }

    private static bool IsPart(string part) =>
        part.Length is > 0 and <= 64 && char.IsAsciiLetter(part[0]) && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
