using ModularDM.Configurator.Audit;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Server;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.CommandLine;

/// <summary>What an operator may say to <c>run</c>. The defaults are those of the packaged service.</summary>
internal sealed record RunOptions
{
    public const string DefaultPolicyPath = "/etc/modulardm/configurator-policy.json";
    public const string DefaultStateFolder = "/var/lib/modulardm-configurator";

    /// <summary>The option that has no value.</summary>
    public const string ServiceFlag = "--windows-service";

    public string SocketPath { get; init; } = ConfiguratorProtocol.DefaultSocketPath;

    public string PipeName { get; init; } = ConfiguratorProtocol.DefaultPipeName;

    public string? Group { get; init; }

    public string PolicyPath { get; init; } = DefaultPolicyPath;

    public string StateFolder { get; init; } = DefaultStateFolder;

    /// <summary>Null: by platform.</summary>
    public AuditPlace? Audit { get; init; }

    /// <summary>Null: <c>audit.jsonl</c> in the state folder.</summary>
    public string? AuditPath { get; init; }

    public string Platform { get; init; } = PlatformFactory.Default;

    /// <summary>A folder with further node tables for the simulated platform; null is none.</summary>
    public string? NodeTables { get; init; }

    public string? ReadyFile { get; init; }

    /// <summary>True when Windows' service manager starts and stops it.</summary>
    public bool AsWindowsService { get; init; }

    public ServerOptions Server { get; init; } = new();

    public static RunOptions Parse(CommandArguments arguments)
    {
        var defaults = new RunOptions();
        ServerOptions server = defaults.Server;
        var options = new RunOptions
        {
            SocketPath = arguments.Option("--socket") ?? defaults.SocketPath,
            PipeName = arguments.Option("--pipe") ?? defaults.PipeName,
            Group = arguments.Option("--group"),
            PolicyPath = arguments.Option("--policy") ?? defaults.PolicyPath,
            StateFolder = Path.GetFullPath(arguments.Option("--state") ?? defaults.StateFolder),
            Audit = PlaceIn(arguments.Option("--audit")),
            AuditPath = arguments.Option("--audit-file"),
            Platform = arguments.Option("--platform") ?? defaults.Platform,
            NodeTables = arguments.Option("--node-tables"),
            ReadyFile = arguments.Option("--ready-file"),
            AsWindowsService = arguments.Flag(ServiceFlag),
            Server = server with
            {
                MaxConnections = arguments.Number("--max-connections", 1, 10_000) ?? server.MaxConnections,
                MaxConnectionsPerCaller = arguments.Number("--max-connections-per-caller", 1, 10_000) ?? server.MaxConnectionsPerCaller,
                MaxInFlight = arguments.Number("--max-in-flight", 1, 1_000) ?? server.MaxInFlight,
                FramesPerSecond = arguments.Number("--frames-per-second", 1, 10_000_000) ?? server.FramesPerSecond,
                ChangesPerSecond = arguments.Number("--changes-per-second", 1, 1_000_000) ?? server.ChangesPerSecond,
                IdleLimit = arguments.Number("--idle-seconds", 1, 2_000_000) is { } idle ? TimeSpan.FromSeconds(idle) : server.IdleLimit,
            },
        };
        arguments.Operands(0, "no operand");
        return options;
    }

    private static AuditPlace? PlaceIn(string? word) => word switch
    {
        null => null,
        "file" => AuditPlace.File,
        "journal" => AuditPlace.Journal,
        "both" => AuditPlace.Both,
        _ => throw new UsageException($"--audit is journal, file or both, not '{word}'; the file's path is --audit-file."),
    };
}
