using ModularDM.Configurator.Operations.Csp;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.CommandLine.Csp;

/// <summary>Shows what a command brought.</summary>
internal static class CspPrinter
{
    private const int MaxValueChars = 120;

    public static void Print(CspToolOptions options, CspResult result, TextWriter output)
    {
        if (options.Command.Verb != CspVerb.Get)
        {
            output.WriteLine(result.Status == 200 ? "done" : $"done, status {result.Status}{(result.Status == 202 ? ": the work goes on" : string.Empty)}");
        }
        else if (options.AsTree)
        {
            PrintTree(result.Nodes, output);
        }
        else if (options.Command.LocUri.Contains('?', StringComparison.Ordinal))
        {
            foreach (CspNode node in result.Nodes)
            {
                output.WriteLine(node.Value is null || node.Format == CspValueFormat.Node ? node.LocUri : $"{node.LocUri} = {node.Value}");
            }
        }
        else
        {
            PrintOne(result.Nodes, output);
        }
    }

    private static void PrintOne(IReadOnlyList<CspNode> nodes, TextWriter output)
    {
        foreach (CspNode node in nodes)
        {
            IEnumerable<string> lines = node.Format != CspValueFormat.Node
                ? [node.Value ?? string.Empty]
                : (node.Value ?? string.Empty).Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString);
            foreach (string line in lines)
            {
                output.WriteLine(line);
            }
        }
    }

    private static void PrintTree(IReadOnlyList<CspNode> nodes, TextWriter output)
    {
        int top = nodes.Count == 0 ? 0 : nodes.Min(node => Depth(node.LocUri));
        foreach (CspNode node in nodes)
        {
            int depth = Depth(node.LocUri) - top;
            string name = depth == 0 ? node.LocUri : Uri.UnescapeDataString(node.LocUri[(node.LocUri.LastIndexOf('/') + 1)..]);
            string value = node.Format == CspValueFormat.Node ? string.Empty : $" = {Short(node.Value ?? string.Empty)} ({CspWords.Of(node.Format)})";
            output.WriteLine($"{new string(' ', depth * 2)}{name}{value}");
        }
    }

    private static int Depth(string locUri) => locUri.Count(c => c == '/');

    // One node, one line.
    private static string Short(string value)
    {
        string line = value.ReplaceLineEndings(" ");
        return line.Length <= MaxValueChars ? line : $"{line[..MaxValueChars]}... ({value.Length} characters)";
    }
}
