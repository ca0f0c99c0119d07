using System.Globalization;

namespace ModularDM.Configurator.CommandLine;

/// <summary>The words behind a command: options with a value each, and operands.</summary>
internal sealed class CommandArguments
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly List<string> _operands = [];

    /// <param name="words">What stands behind the command.</param>
    /// <param name="flags">The options that have no value, as <c>-v</c>.</param>
    /// <exception cref="UsageException">An option has no value, or is there twice.</exception>
    public CommandArguments(IReadOnlyList<string> words, params string[] flags)
    {
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (flags.Contains(word))
            {
                _options[word] = string.Empty;
                continue;
            }

            if (!word.StartsWith("--", StringComparison.Ordinal))
            {
                _operands.Add(word);
                continue;
            }

            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            string value = equals >= 0 ? word[(equals + 1)..] : ++i < words.Count ? words[i] : throw new UsageException($"{name} needs a value.");
            if (!_options.TryAdd(name, value))
            {
                throw new UsageException($"{name} is given twice.");
            }
        }
    }

    public string? Option(string name)
    {
        _asked.Add(name);
        return _options.GetValueOrDefault(name);
    }

    public int? Number(string name, int min, int max)
    {
        if (Option(name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{name} must be a number from {min} to {max}.");
    }

    public bool Flag(string name) => Option(name) is not null;

    /// <summary>Called once all options were asked for: what was given beyond them is a mistake.</summary>
    /// <exception cref="UsageException">There is an unknown option, or another number of operands.</exception>
    public IReadOnlyList<string> Operands(int count, string what) => Operands(count, count, what);

    /// <inheritdoc cref="Operands(int, string)"/>
    public IReadOnlyList<string> Operands(int least, int most, string what)
    {
        if (_options.Keys.FirstOrDefault(name => !_asked.Contains(name)) is { } unknown)
        {
            throw new UsageException($"There is no option {unknown}. --help lists all.");
        }

        return _operands.Count >= least && _operands.Count <= most ? _operands : throw new UsageException($"Expected {what}, got {_operands.Count} operands.");
    }
}

/// <summary>The command line cannot be used as it is.</summary>
internal sealed class UsageException(string message) : Exception(message);
