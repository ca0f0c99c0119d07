using ModularDM.Configurator.Server;

namespace ModularDM.Configurator.CommandLine;

/// <summary>Approves, at the device, what the policy holds back for that.</summary>
internal static class ApproveCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> words, TextWriter output, TextWriter error)
    {
        bool isList = words.Count == 0 || words[0].StartsWith("--", StringComparison.Ordinal);
        var arguments = new CommandArguments(isList ? words : [.. words.Skip(1)]);
        var folder = new ApprovalFolder(arguments.Option("--state") ?? RunOptions.DefaultStateFolder, TimeProvider.System);
        arguments.Operands(0, "one id at most");
        if (isList)
        {
            foreach ((string id, string what) in folder.List())
            {
                await output.WriteLineAsync($"{id}  {what}");
            }

            return 0;
        }

        if (folder.Approve(words[0]))
        {
            await output.WriteLineAsync($"{words[0]} is approved; it is done when the caller sends it again.");
            return 0;
        }

        await error.WriteLineAsync($"Nothing waits under '{words[0]}'. mdm-configurator approve lists what does.");
        return Cli.Failed;
    }
}
