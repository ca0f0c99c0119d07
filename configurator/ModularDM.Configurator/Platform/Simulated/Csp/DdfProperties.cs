using System.Globalization;
using System.Xml;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>The <c>DFProperties</c> of one node of a device description.</summary>
internal sealed class DdfProperties
{
    private readonly List<string> _problems = [];
    private readonly List<string> _values = [];
    private NodeAccess _access;
    private CspFormat _format = CspFormat.Chr;
    private bool _isPermanent;
    private int _min = 1;
    private int? _max = 1;
    private NodeNaming? _naming;
    private string? _start;
    private string? _kind;
    private string? _delimiter;

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Reads the element that the reader stands at.</summary>
    public static DdfProperties Read(XmlReader xml)
    {
        var properties = new DdfProperties();
        DdfReader.ForEachChild(xml, () => properties.ReadOne(xml));
        return properties;
    }

    public CspNodeTraits ToTraits(bool isDynamic) => new()
    {
        Access = _access,
        Format = _format,
        IsPermanent = _isPermanent && !isDynamic,
        MinOccurs = _min,
        // "One" is said of nodes without a fixed name too, where it means each of them.
        MaxOccurs = isDynamic && _min == 1 && _max == 1 ? null : _max,
        Naming = isDynamic ? _naming ?? NodeNaming.Server : NodeNaming.Fixed,
        Start = _start,
        Allowed = Allowed(),
        Delimiter = _delimiter,
    };

    private void ReadOne(XmlReader xml)
    {
        switch (xml.LocalName)
        {
            case "AccessType":
                DdfReader.ForEachChild(xml, () => _access |= Enum.TryParse(Take(xml), out NodeAccess access) ? access : NodeAccess.None);
                break;
            case "DFFormat":
                DdfReader.ForEachChild(xml, () => ReadFormat(Take(xml)));
                break;
            case "DefaultValue":
                _start = xml.ReadElementContentAsString();
                break;
            case "Occurrence":
                DdfReader.ForEachChild(xml, () => ReadOccurrence(xml.LocalName, xml.ReadElementContentAsString().Trim()));
                break;
            case "Scope":
                DdfReader.ForEachChild(xml, () => _isPermanent = Take(xml) == "Permanent");
                break;
            case "DynamicNodeNaming":
                DdfReader.ForEachChild(xml, () => _naming = Take(xml) switch
                {
                    "ClientInventory" => NodeNaming.Inventory,
                    "UniqueName" => NodeNaming.Unique,
                    _ => NodeNaming.Server,
                });
                break;
            case "AllowedValues":
                ReadAllowed(xml);
                break;
            default:
                xml.Skip();
                break;
        }
    }

    private void ReadFormat(string name)
    {
        if (!CspFormats.TryParse(name, out _format))
        {
            _problems.Add($"has the format '{name}', which nobody knows");
        }
    }

    private void ReadOccurrence(string name, string number)
    {
        (_min, _max) = name switch
        {
            "One" => (1, 1),
            "ZeroOrOne" => (0, 1),
            "ZeroOrMore" or "ZeroOrN" => (0, null),
            "OneOrMore" or "OneOrN" => (1, (int?)null),
            _ => (0, null),
        };
        if (name is not ("ZeroOrN" or "OneOrN"))
        {
            return;
        }

        if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int most))
        {
            _max = most;
        }
        else
        {
            _problems.Add($"has the occurrence {name} without a number");
        }
    }

    private void ReadAllowed(XmlReader xml)
    {
        _kind = xml.GetAttribute("ValueType");
        DdfReader.ForEachChild(xml, () =>
        {
            switch (xml.LocalName)
            {
                case "Value":
                    _values.Add(xml.ReadElementContentAsString());
                    break;
                case "Enum":
                    DdfReader.ForEachChild(xml, () =>
                    {
                        if (xml.LocalName == "Value")
                        {
                            _values.Add(xml.ReadElementContentAsString());
                        }
                        else
                        {
                            xml.Skip();
                        }
                    });
                    break;
                case "List":
                    _delimiter = Delimiter(xml.GetAttribute("Delimiter"));
                    xml.Skip();
                    break;
                default:
                    xml.Skip();
                    break;
            }
        });
    }

    // SDDL, ADMX and None allow every value of the format.
    private AllowedValues? Allowed() => _kind switch
    {
        "ENUM" when _values.Count > 0 => new OneOfValues([.. _values.Select(value => value.Trim())]),
        "Range" when _values is [var range] && Range(range) is { } allowed => allowed,
        "Flag" when _values.Count > 0 => new FlagValues([.. _values.Select(value => AllowedValues.TryNumber(value.Trim(), out long flag) ? flag : 0)]),
        // Some are written as in scripts, between slashes.
        "RegEx" when _values is [{ Length: > 0 } pattern] => RegexValues.Create(pattern is ['/', .., '/'] ? pattern[1..^1] : pattern),
        "JSON" => new JsonValues(),
        "XSD" => new XmlValues(),
        _ => null,
    };

    /// <summary>A range is written [0-23], a negative number in it in brackets of its own.</summary>
    private static RangeValues? Range(string text)
    {
        string inner = text.Trim().Trim('[', ']');
        int dash = inner.StartsWith('(') ? inner.IndexOf(")-", StringComparison.Ordinal) + 1 : inner.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && AllowedValues.TryNumber(inner[..dash].Trim('(', ')'), out long lowest)
            && AllowedValues.TryNumber(inner[(dash + 1)..].Trim('(', ')'), out long highest)
            ? new RangeValues(lowest, highest)
            : null;
    }

    private static string? Delimiter(string? text) => text switch
    {
        null or "" => null,
        "0xF000" or @"\xF000" => "\uF000",
        _ => text,
    };

    private static string Take(XmlReader xml)
    {
        string name = xml.LocalName;
        xml.Skip();
        return name;
    }
}
