using System.Text.RegularExpressions;

namespace ModularDM.Configurator.Authorization;

/// <summary>Fills a tool's argument list. What a request brings becomes part of one argument, never an argument of its own making.</summary>
internal static partial class ToolArguments
{
    private const int MaxValueChars = 1024;

    public static IEnumerable<string> PlaceholdersIn(string argument) => Placeholder().Matches(argument).Select(match => match.Groups[1].Value);

    public static bool HasLooseBrace(string argument) => Placeholder().Replace(argument, string.Empty).AsSpan().ContainsAny('{', '}');

    /// <summary>Null when the values fit; otherwise what is wrong. A value is never part of it.</summary>
    public static string? WrongWith(GrantedTool tool, IReadOnlyDictionary<string, string>? values)
    {
        foreach (string name in tool.Placeholders.Keys.Order(StringComparer.Ordinal))
        {
            if (values is null || !values.TryGetValue(name, out string? value) || value is null)
            {
                return $"the placeholder '{name}' has no value";
            }

            if (value.Length > MaxValueChars || value.Any(char.IsControl))
            {
                return $"the value of '{name}' has control characters, or more than {MaxValueChars} characters";
            }

            if (!tool.Placeholders[name].IsMatch(value))
            {
                return $"the policy's pattern for '{name}' does not match its value";
            }

            // The program would take it for an option, which the policy did not mean to give away.
            if (value.StartsWith('-') && tool.Arguments.Any(argument => argument.StartsWith($"{{{name}}}", StringComparison.Ordinal)))
            {
                return $"the value of '{name}' begins with '-' and would stand at the beginning of an argument";
            }
        }

        return values?.Keys.FirstOrDefault(name => !tool.Placeholders.ContainsKey(name)) is { } unknown
            ? $"there is no placeholder '{(unknown.Length > 50 ? unknown[..50] : unknown)}'; there are {(tool.Placeholders.Count == 0 ? "none" : string.Join(", ", tool.Placeholders.Keys.Order(StringComparer.Ordinal)))}"
            : null;
    }

    public static IReadOnlyList<string> Fill(GrantedTool tool, IReadOnlyDictionary<string, string>? values) =>
        [.. tool.Arguments.Select(argument => Placeholder().Replace(argument, match => values![match.Groups[1].Value]))];

    [GeneratedRegex(@"\{([a-z][A-Za-z0-9]{0,49})\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
