using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ModularDM.Configurator.Authorization;

internal sealed partial class PolicyReader
{
    private const int MaxToolSeconds = 600;
    private const int MaxOutputBytes = 64 * 1024;
    private const int MaxFileBytes = 512 * 1024;
    private const UnixFileMode NeverGranted =
        UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.StickyBit;

    private List<GrantedTool> CheckTools(IReadOnlyList<ToolEntry>? entries, string grant)
    {
        var tools = new List<GrantedTool>();
        if (entries is null)
        {
            return tools;
        }

        foreach ((int i, ToolEntry entry) in Numbered(entries, $"{grant}.tools"))
        {
            string key = $"{grant}.tools[{i}]";
            int before = _errors.Count;
            CheckName(entry.Name, $"{key}.name", "tool");
            Range($"{key}.timeLimitSeconds", entry.TimeLimitSeconds, 1, MaxToolSeconds);
            Range($"{key}.maxOutputBytes", entry.MaxOutputBytes, 0, MaxOutputBytes);
            string path = CheckPath(entry.Path, $"{key}.path");
            string workingFolder = CheckPath(entry.WorkingFolder ?? "/", $"{key}.workingFolder");
            FrozenDictionary<string, Regex> placeholders = CheckPlaceholders(entry, key);
            if (tools.Exists(tool => tool.Name == entry.Name))
            {
                Say($"{key}.name", $"'{entry.Name}' is there twice");
            }

            if (_errors.Count == before)
            {
                tools.Add(new GrantedTool(entry.Name!, path, entry.Arguments ?? [], placeholders, entry.Secret ?? false)
                {
                    TimeLimit = TimeSpan.FromSeconds(entry.TimeLimitSeconds ?? 30),
                    MaxOutputBytes = entry.MaxOutputBytes ?? 16 * 1024,
                    WorkingFolder = workingFolder,
                });
            }
        }

        return tools;
    }

    private FrozenDictionary<string, Regex> CheckPlaceholders(ToolEntry entry, string key)
    {
        var patterns = new Dictionary<string, Regex>(StringComparer.Ordinal);
        foreach ((string name, string text) in entry.Placeholders ?? new Dictionary<string, string>())
        {
            string placeholderKey = $"{key}.placeholders.{name}";
            if (!Regex.IsMatch(name, @"\A[a-z][A-Za-z0-9]{0,49}\z"))
            {
                Say(placeholderKey, "a placeholder is a word of letters and digits, small at first");
            }

            if (text is null)
            {
                Say(placeholderKey, "needs the expression that its value must match");
            }
            else if (CheckPattern(text, placeholderKey) is { } pattern)
            {
                patterns[name] = pattern;
            }
        }

        var used = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < (entry.Arguments?.Count ?? 0); i++)
        {
            string argument = entry.Arguments![i] ?? string.Empty;
            foreach (string name in ToolArguments.PlaceholdersIn(argument))
            {
                used.Add(name);
                if (entry.Placeholders?.ContainsKey(name) != true)
                {
                    Say($"{key}.arguments[{i}]", $"'{{{name}}}' has no entry in placeholders");
                }
            }

            if (argument.Contains('\0', StringComparison.Ordinal) || ToolArguments.HasLooseBrace(argument))
            {
                Say($"{key}.arguments[{i}]", "a brace belongs to a placeholder only, as {level}");
            }
        }

        foreach (string name in patterns.Keys.Where(name => !used.Contains(name)))
        {
            Say($"{key}.placeholders.{name}", "no argument holds it");
        }

        return patterns.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private List<GrantedFile> CheckFiles(IReadOnlyList<FileEntry>? entries, string grant)
    {
        var files = new List<GrantedFile>();
        if (entries is null)
        {
            return files;
        }

        foreach ((int i, FileEntry entry) in Numbered(entries, $"{grant}.files"))
        {
            string key = $"{grant}.files[{i}]";
            int before = _errors.Count;
            CheckName(entry.Name, $"{key}.name", "file");
            string folder = CheckPath(entry.Folder, $"{key}.folder");
            if (entry.File is not { Length: > 0 } file || file.Split('/').Any(part => part is "" or "." or "..") || file.AsSpan().ContainsAny('\0', '\\'))
            {
                Say($"{key}.file", $"'{entry.File}' is not a path below the folder");
            }

            Range($"{key}.maxBytes", entry.MaxBytes, 1, MaxFileBytes);
            Regex? pattern = CheckPattern(entry.Pattern, $"{key}.pattern");
            UnixFileMode mode = CheckMode(entry.Mode, $"{key}.mode");
            if (files.Exists(other => other.Name == entry.Name))
            {
                Say($"{key}.name", $"'{entry.Name}' is there twice");
            }

            if (_errors.Count == before)
            {
                files.Add(new GrantedFile(entry.Name!, folder, entry.File!, pattern, entry.Secret ?? false)
                {
                    MaxBytes = entry.MaxBytes ?? 64 * 1024,
                    Json = entry.Json ?? false,
                    Mode = mode,
                    Owner = entry.Owner,
                    Group = entry.Group,
                });
            }
        }

        return files;
    }

    private UnixFileMode CheckMode(string? text, string key)
    {
        const UnixFileMode Default = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (text is null)
        {
            return Default;
        }

        int number = 0;
        bool octal = text.Length is 3 or 4 && text.All(c => c is >= '0' and <= '7');
        if (octal)
        {
            number = text.Aggregate(0, (sum, digit) => (sum * 8) + (digit - '0'));
        }

        if (!octal || ((UnixFileMode)number & NeverGranted) != 0)
        {
            Say(key, string.Create(CultureInfo.InvariantCulture, $"'{text}' is no octal mode such as 0644, or lets others write"));
        }

        return (UnixFileMode)number;
    }
}
