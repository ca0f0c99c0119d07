using System.Text;
using ModularDM.Configurator.Operations.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.CommandLine.Csp;

/// <summary>What an operator said to <c>csp</c>.</summary>
internal sealed record CspToolOptions
{
    private const string DefaultRoot = "./Vendor/MSFT";

    public required CspCommand Command { get; init; }

    /// <summary>True for <c>tree</c>.</summary>
    public bool AsTree { get; init; }

    public string? StateFolder { get; init; }

    /// <summary>A folder with further node tables for the simulated device; null is none.</summary>
    public string? NodeTables { get; init; }

    public TimeSpan Timeout { get; init; }

    public bool Verbose { get; init; }

    /// <exception cref="UsageException">The words make no command.</exception>
    public static CspToolOptions Parse(IReadOnlyList<string> words)
    {
        bool tree = words[0] == "tree";
        if (!CspWords.TryVerb(words[0], out CspVerb verb) && !tree)
        {
            throw new UsageException($"There is no csp command '{words[0]}'; there are tree, {CspWords.Verbs}.");
        }

        var arguments = new CommandArguments([.. words.Skip(1)], "-v", "--verbose");
        string? state = arguments.Option("--state");
        string? nodeTables = arguments.Option("--node-tables");
        int seconds = arguments.Number("--timeout", 1, 600) ?? 30;
        bool verbose = arguments.Flag("-v") | arguments.Flag("--verbose");
        return new CspToolOptions
        {
            Command = tree ? Tree(arguments) : verb == CspVerb.Get ? Get(arguments) : Change(verb, arguments),
            AsTree = tree,
            StateFolder = state,
            NodeTables = nodeTables,
            Timeout = TimeSpan.FromSeconds(seconds),
            Verbose = verbose,
        };
    }

    private static CspCommand Tree(CommandArguments arguments)
    {
        IReadOnlyList<string> operands = arguments.Operands(0, 1, "at most one address");
        return new CspCommand { Verb = CspVerb.Get, LocUri = (operands.Count == 0 ? DefaultRoot : operands[0]) + "?list=StructData" };
    }

    private static CspCommand Get(CommandArguments arguments)
    {
        string list = arguments.Option("--list") switch
        {
            null => string.Empty,
            "struct" => "?list=Struct",
            "structdata" => "?list=StructData",
            var other => throw new UsageException($"--list is struct or structdata, not '{other}'."),
        };
        return new CspCommand { Verb = CspVerb.Get, LocUri = arguments.Operands(1, "one address")[0] + list };
    }

    private static CspCommand Change(CspVerb verb, CommandArguments arguments)
    {
        string? file = arguments.Option("--file");
        CspValueFormat? format = null;
        if (arguments.Option("--format") is { } word)
        {
            format = CspWords.TryFormat(word, out CspValueFormat known) ? known : throw new UsageException($"There is no format '{word}'; there are {CspWords.Formats}.");
        }

        bool takesData = verb != CspVerb.Delete;
        IReadOnlyList<string> operands = arguments.Operands(1, takesData && file is null ? 2 : 1, takesData ? "an address, and one value or --file" : "one address");
        string? data = file is not null ? ReadFile(file, format) : operands.Count == 2 ? operands[1] : null;
        bool writes = verb is CspVerb.Replace or CspVerb.Add;
        return new CspCommand
        {
            Verb = verb,
            LocUri = operands[0],
            // A node without a value is an inner one; a value without a format is text.
            Format = format ?? (!writes ? null : data is null && verb == CspVerb.Add ? CspValueFormat.Node : CspValueFormat.Chr),
            Data = data,
        };
    }

    private static string ReadFile(string path, CspValueFormat? format)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length > CspCommandCheck.MaxDataChars)
        {
            throw new UsageException($"'{path}' has {file.Length} bytes; at most {CspCommandCheck.MaxDataChars} can be sent.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        return format == CspValueFormat.B64 ? Convert.ToBase64String(bytes) : Encoding.UTF8.GetString(bytes);
    }
}
