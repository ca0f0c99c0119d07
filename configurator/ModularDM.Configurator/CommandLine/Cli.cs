using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.CommandLine.Csp;
using ModularDM.Configurator.Platform.Linux.Tools;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.CommandLine;

/// <summary>The commands of <c>mdm-configurator</c>.</summary>
internal static class Cli
{
    public const int Failed = 1;
    public const int Misused = 2;

    private const string Help = """
        mdm-configurator: performs, as root, what the ModularDM host may ask for by policy.

        mdm-configurator run [options]        serves requests until SIGTERM
          --socket PATH       socket to create (/run/modulardm/configurator.sock); ignored under systemd socket activation
          --pipe NAME         pipe to create on Windows (modulardm-configurator)
          --group NAME        group that may connect (the socket has mode 0660)
          --policy FILE       policy (/etc/modulardm/configurator-policy.json)
          --state DIR         root's own folder (/var/lib/modulardm-configurator)
          --audit WHERE       journal, file or both (both where the system has a log, file for the simulated device)
          --audit-file FILE   audit, JSON lines (audit.jsonl in the state folder)
          --platform NAME     linux, windows or simulated
          --node-tables DIR   further node tables (*.csp, DDF *.xml) for the simulated platform
          --ready-file PATH   file to write when requests are served
          --windows-service   is started and stopped by Windows' service manager
          --max-connections N, --max-connections-per-caller N, --max-in-flight N,
          --frames-per-second N, --changes-per-second N, --idle-seconds N
        mdm-configurator check-policy FILE    reports everything that is wrong with a policy
        mdm-configurator explain --policy FILE (--uid N | --unit U | --sid S) --plugin ID [--attribute NAME [--value TEXT]]
                                 [--loc-uri ADDRESS --verb VERB] [--tool NAME [--arguments JSON]]
                                 [--file NAME [--value TEXT]] OPERATION
                                              says whether the policy allows it (exit code 0) or not (3), and why
        mdm-configurator csp COMMAND ...      reads and changes CSP nodes at the machine (csp --help)
        mdm-configurator approve [ID] [--state DIR]
                                              approves a request that the policy holds back for it; without ID lists what waits
        mdm-configurator --help | --version
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            switch (args)
            {
                case ["run", .. var rest]:
                    return await RunCommand.RunAsync(RunOptions.Parse(new CommandArguments(rest, RunOptions.ServiceFlag)), output);
                case ["check-policy", .. var rest]:
                    Policy policy = PolicyFile.Load(new CommandArguments(rest).Operands(1, "one file")[0]);
                    await output.WriteLineAsync($"The policy is good: {policy.Callers.Count} callers, {policy.Callers.Sum(caller => caller.Grants.Count)} grants.");
                    foreach (GrantedTool tool in OperatingSystem.IsLinux() ? policy.Callers.SelectMany(caller => caller.Grants).SelectMany(grant => grant.Tools) : [])
                    {
                        await output.WriteLineAsync($"Tool '{tool.Name}': {TrustedProgram.Describe(tool.Path)}.");
                    }

                    return 0;
                case ["approve", .. var rest]:
                    return await ApproveCommand.RunAsync(rest, output, error);
                case ["explain", .. var rest]:
                    return ExplainCommand.Run(new CommandArguments(rest), output);
                case ["csp", .. var rest]:
                    return CspTool.Run(rest, output, error);
                case ["--help" or "-h" or "help"]:
                    await output.WriteLineAsync(Help);
                    return 0;
                case ["--version"]:
                    await output.WriteLineAsync(ProductVersion.Current);
                    return 0;
                default:
                    await error.WriteLineAsync(args.Length == 0 ? Help : $"There is no command '{args[0]}'. --help lists all.");
                    return Misused;
            }
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync(e.Message);
            return Misused;
        }
        catch (Exception e) when (e is PolicyException or ConfiguratorException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await error.WriteLineAsync(e.Message);
            return Failed;
        }
    }
}
