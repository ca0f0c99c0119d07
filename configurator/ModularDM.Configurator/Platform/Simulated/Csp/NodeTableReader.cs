using System.Globalization;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>
/// Reads a node table. Each line is a node: its name, what may be done with it (letters of <c>AGRDX</c> for Add, Get, Replace, Delete, Exec, or a dash), its
/// format, and rules. A line that is indented by two more spaces is below the one before; a line without indent has a whole address. docs/csp.md has the rules.
/// </summary>
internal static class NodeTableReader
{
    private const int MaxDepth = 32;

    /// <exception cref="NodeTableException">A line is wrong.</exception>
    public static void Read(TextReader text, string name, CspSchema schema)
    {
        var path = new List<CspNodeDefinition>();
        int number = 0;
        while (text.ReadLine() is { } line)
        {
            number++;
            string content = line.TrimStart(' ');
            if (content.Length == 0 || content[0] == '#')
            {
                continue;
            }

            int spaces = line.Length - content.Length;
            if (spaces % 2 != 0 || spaces / 2 > path.Count || spaces / 2 > MaxDepth)
            {
                throw Wrong("is not indented by two spaces more than the node that it belongs to");
            }

            path.RemoveRange(spaces / 2, path.Count - (spaces / 2));
            var cells = new TableLine(content);
            string address = cells.Next();
            CspNodeTraits traits = Traits(address, ref cells, out string? problem);
            if (problem is not null)
            {
                throw Wrong(problem);
            }

            path.Add(path.Count == 0 ? schema.Define(CspSchema.Split(address), traits) : path[^1].Child(LocUri.UnescapeSegment(address), traits));
        }

        NodeTableException Wrong(string what) => new($"{name}, line {number} {what}.");
    }

    private static CspNodeTraits Traits(string address, ref TableLine cells, out string? problem)
    {
        problem = TryAccess(cells.Next(), out NodeAccess access, out char unknown) ? null : $"has the access '{unknown}'; there are A, G, R, D, X and a dash for none";
        if (!CspFormats.TryParse(cells.Next(), out CspFormat format))
        {
            problem ??= $"has no format; there are {string.Join(", ", CspFormats.Names)}";
        }

        bool isDynamic = address.EndsWith(CspNodeDefinition.AnyName, StringComparison.Ordinal);
        var traits = new CspNodeTraits
        {
            Access = access,
            Format = format,
            IsPermanent = !isDynamic && (access & (NodeAccess.Add | NodeAccess.Delete)) == 0,
            MinOccurs = isDynamic ? 0 : 1,
            MaxOccurs = isDynamic ? null : 1,
            Naming = isDynamic ? NodeNaming.Server : NodeNaming.Fixed,
        };
        while (problem is null && cells.TryRule(out string rule, out string value))
        {
            traits = With(traits, rule, value, ref problem);
        }

        return traits;
    }

    private static bool TryAccess(string letters, out NodeAccess access, out char unknown)
    {
        (access, unknown) = (NodeAccess.None, default);
        foreach (char letter in letters)
        {
            NodeAccess one = letter switch
            {
                'A' => NodeAccess.Add,
                'G' => NodeAccess.Get,
                'R' => NodeAccess.Replace,
                'D' => NodeAccess.Delete,
                'X' => NodeAccess.Exec,
                _ => NodeAccess.None,
            };
            if (one == NodeAccess.None && letters != "-")
            {
                unknown = letter;
                return false;
            }

            access |= one;
        }

        return true;
    }

    private static CspNodeTraits With(CspNodeTraits traits, string rule, string value, ref string? problem)
    {
        switch (rule)
        {
            case "start":
                return traits with { Start = value };
            case "absent":
                return traits with { MinOccurs = 0, IsPermanent = false };
            case "permanent":
                return traits with { IsPermanent = true };
            case "inventory":
                return traits with { Naming = NodeNaming.Inventory };
            case "unique":
                return traits with { Naming = NodeNaming.Unique };
            case "empty-deletes":
                return traits with { EmptyDeletes = true };
            case "split":
                return traits with { Delimiter = value };
            case "max" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int most):
                return traits with { MaxOccurs = most };
            default:
                traits = traits with { Allowed = Allowed(rule, value) };
                problem = traits.Allowed is null ? $"has the rule '{rule}{(value.Length > 0 ? "=" : "")}{value}', which nobody knows" : null;
                return traits;
        }
    }

    private static AllowedValues? Allowed(string rule, string value)
    {
        switch (rule)
        {
            case "one-of":
                return new OneOfValues(value.Split(','));
            case "range" when TryRange(value, out long lowest, out long highest):
                return new RangeValues(lowest, highest);
            case "length" when TryRange(value, out long shortest, out long longest):
                return new LengthValues((int)shortest, (int)longest);
            case "flags" when value.Split(',').All(flag => AllowedValues.TryNumber(flag, out _)):
                return new FlagValues([.. value.Split(',').Select(flag => AllowedValues.TryNumber(flag, out long number) ? number : 0)]);
            case "match":
                return RegexValues.Create(value);
            case "date":
                return new DateValues();
            case "json":
                return new JsonValues();
            case "xml":
                return new XmlValues();
            default:
                return null;
        }
    }

    private static bool TryRange(string text, out long lowest, out long highest)
    {
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        (lowest, highest) = (0, 0);
        return dots > 0 && AllowedValues.TryNumber(text[..dots], out lowest) && AllowedValues.TryNumber(text[(dots + 2)..], out highest) && lowest <= highest;
    }

    /// <summary>The cells of a line, which spaces separate. The rules <c>start</c> and <c>match</c> take all that follows.</summary>
    private ref struct TableLine(string line)
    {
        private ReadOnlySpan<char> _rest = line;

        public string Next()
        {
            _rest = _rest.TrimStart(' ');
            int end = _rest.IndexOf(' ');
            end = end < 0 ? _rest.Length : end;
            string cell = _rest[..end].ToString();
            _rest = _rest[end..];
            return cell;
        }

        public bool TryRule(out string rule, out string value)
        {
            (rule, value) = (string.Empty, string.Empty);
            _rest = _rest.TrimStart(' ');
            if (_rest.IsEmpty)
            {
                return false;
            }

            if (_rest.StartsWith("start=") || _rest.StartsWith("match="))
            {
                rule = _rest[..5].ToString();
                value = _rest[6..].TrimEnd(' ').ToString();
                _rest = default;
                return true;
            }

            string cell = Next();
            int equals = cell.IndexOf('=', StringComparison.Ordinal);
            (rule, value) = equals < 0 ? (cell, string.Empty) : (cell[..equals], cell[(equals + 1)..]);
            return true;
        }
    }
}
