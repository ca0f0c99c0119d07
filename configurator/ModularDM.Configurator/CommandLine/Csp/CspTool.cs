using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Operations.Csp;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.State;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.CommandLine.Csp;

/// <summary>
/// <c>mdm-configurator csp</c>: one command on one node, by the operator at the machine. It goes to the engine itself: no policy, since whoever may run it on the
/// device as root could do the same without it.
/// </summary>
internal static class CspTool
{
    public const int Done = 0;
    public const int NotFound = 4;

    public const string Help = """
        mdm-configurator csp: reads and changes CSP nodes, on this Windows or on a simulated device.

        mdm-configurator csp get LOCURI [--list struct|structdata]    the value; of an inner node the names below it
        mdm-configurator csp tree [LOCURI]                            all nodes below, with formats and values (./Vendor/MSFT)
        mdm-configurator csp replace LOCURI DATA | --file PATH        gives the node a value
        mdm-configurator csp add LOCURI [DATA | --file PATH]          creates it
        mdm-configurator csp delete LOCURI                            removes it with all below it
        mdm-configurator csp exec LOCURI [DATA | --file PATH]         starts what it stands for

          --format NAME       format of the value: chr (the default), int, bool, b64, bin, date, time, float, xml, node, null
          --file PATH         takes the value from a file; with --format b64 its bytes are encoded
          --state DIR         state folder of the simulated device; without it, this Windows. No configurator may run on it meanwhile
          --node-tables DIR   further node tables (*.csp, DDF *.xml) of the simulated device
          --timeout SECONDS   1 to 600; 30 by default
          -v, --verbose       prints the SyncML that goes and comes, on standard error

        An address is ./Vendor/MSFT/..., ./Device/..., ./User/..., ./DevInfo/... or ./DevDetail/..., each segment percent-encoded.
        Exit codes: 0 done, 1 refused or failed, 2 misused, 4 there is no such node.
        """;

    public static int Run(IReadOnlyList<string> words, TextWriter output, TextWriter error)
    {
        if (words is [] or ["--help" or "-h"])
        {
            output.WriteLine(Help);
            return words.Count == 0 ? Cli.Misused : Done;
        }

        CspToolOptions options = CspToolOptions.Parse(words);
        if (options.StateFolder is null && !OperatingSystem.IsWindows())
        {
            throw new UsageException("This system has no CSPs. Name the state folder of a simulated device with --state DIR.");
        }

        if (options.StateFolder is { } folder && !Directory.Exists(folder))
        {
            throw new UsageException($"There is no folder '{folder}'. Create it for a new simulated device.");
        }

        using IDisposable? mine = options.StateFolder is null ? null : FolderLock.Take(options.StateFolder);
        using IPlatform platform = PlatformFactory.Create(
            options.StateFolder is null ? PlatformFactory.Windows : PlatformFactory.Simulated, options.StateFolder ?? string.Empty, TimeProvider.System, ServerLog.ToStandardError(),
            options.NodeTables);
        ICspTransport engine = platform.Csp ?? throw ConfiguratorException.NotSupported($"{platform.Name} has no CSPs.");
        return Run(options, options.Verbose ? new PrintingTransport(engine, error) : engine, output, error);
    }

    internal static int Run(CspToolOptions options, ICspTransport engine, TextWriter output, TextWriter error)
    {
        var context = new OperationContext("csp", options.Timeout, TimeProvider.System, CancellationToken.None);
        try
        {
            CspCommandCheck.Check(options.Command);
            CspResult result = CspExchange.Run(engine, options.Command, context);
            CspPrinter.Print(options, result, output);
            return Done;
        }
        catch (ConfiguratorException e)
        {
            error.WriteLine(Hint(e, options));
            return e.Code == ConfiguratorErrorCode.NotFound ? NotFound : Cli.Failed;
        }
    }

    private static string Hint(ConfiguratorException e, CspToolOptions options) => e.Error.Detail switch
    {
        "syncml 404" => $"{e.Message} There is no such node: csp tree PARENT shows which there are.",
        "syncml 405" => $"{e.Message} The node does not allow {CspWords.Of(options.Command.Verb)}.",
        "syncml 415" => $"{e.Message} The node has another format: give it with --format.",
        "syncml 418" => $"{e.Message} The node is there already: use replace.",
        _ => e.Message,
    };
}
