using System.Runtime.InteropServices;
#if WINDOWS_BUILD
using System.Runtime.Versioning;
using System.ServiceProcess;
#endif
using System.Text;
using System.Text.Json;
using ModularDM.Configurator.Audit;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform;
using ModularDM.Configurator.Server;
using ModularDM.Configurator.State;

namespace ModularDM.Configurator.CommandLine;

/// <summary>Starts the service and keeps it until it is told to stop.</summary>
internal static class RunCommand
{
    /// <exception cref="UsageException">It shall be a Windows service, which this build is not made for.</exception>
    public static Task<int> RunAsync(RunOptions options, TextWriter output)
    {
        if (!options.AsWindowsService)
        {
            return RunInTerminalAsync(options, output);
        }

#if WINDOWS_BUILD
        if (OperatingSystem.IsWindows())
        {
            return Task.FromResult(RunAsWindowsService(options, output));
        }
#endif
        throw new UsageException($"{RunOptions.ServiceFlag} is for builds for Windows. Elsewhere leave it out.");
    }

#if WINDOWS_BUILD
    [SupportedOSPlatform("windows")]
    private static int RunAsWindowsService(RunOptions options, TextWriter output)
    {
        using var service = new WindowsService((ready, stop) => RunAsync(
            options,
            ServerLog.ToStandardError(),
            TimeProvider.System,
            async endpoint =>
            {
                await AnnounceAsync(options, endpoint, output);
                ready();
            },
            stop));
        ServiceBase.Run(service);
        return service.ExitCode == 0 ? 0 : Cli.Failed;
    }
#endif

    private static async Task<int> RunInTerminalAsync(RunOptions options, TextWriter output)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await RunAsync(options, ServerLog.ToStandardError(), TimeProvider.System, endpoint => AnnounceAsync(options, endpoint, output), stop.Token);
        return 0;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <exception cref="PolicyException">The policy cannot be used.</exception>
    /// <exception cref="IOException">The socket, the state folder or the audit cannot be used.</exception>
    internal static async Task RunAsync(RunOptions options, ServerLog log, TimeProvider clock, Func<string, Task> announce, CancellationToken stop)
    {
        Policy policy = PolicyFile.Load(options.PolicyPath);
        CreateStateFolder(options.StateFolder);
        using IConnectionListener listener = Listen(options, policy);
        using IDisposable mine = FolderLock.Take(options.StateFolder);
        using IPlatform platform = PlatformFactory.Create(options.Platform, options.StateFolder, clock, log, options.NodeTables);
        using IAuditSink sink = AuditSinks.Open(
            options.Audit ?? AuditSinks.DefaultFor(options.Platform), options.AuditPath ?? Path.Combine(options.StateFolder, "audit.jsonl"));
        var registry = new OperationRegistry(new OperationServices(platform, new RootStateStore(options.StateFolder, log), policy.Reboot));
        var pipeline = new RequestPipeline(
            registry, new Confirmations(policy.Confirm, new ApprovalFolder(options.StateFolder, clock), clock), new AuditTrail(sink, clock), log, clock);
        var services = new SessionServices(
            policy, registry, pipeline, new CallerLimitsTable(options.Server, clock), options.Server, clock, log, ProductVersion.Current);
        Task running = new ConfiguratorServer(listener, services).RunAsync(stop);
        await announce(listener.Endpoint);
        log.Information("Started", $"mdm-configurator {ProductVersion.Current} serves {platform.Name} at {listener.Endpoint}.");
        SystemdNotify.Send("READY=1", log);
        await running;
        SystemdNotify.Send("STOPPING=1", log);
        log.Information("Stopped", $"Reads served: {(pipeline.Reads.Count == 0 ? "none" : string.Join(", ", pipeline.Reads.Select(read => $"{read.Key} {read.Value}")))}.");
    }

    private static IConnectionListener Listen(RunOptions options, Policy policy)
    {
        if (OperatingSystem.IsWindows())
        {
            return new NamedPipeListener(options.PipeName, [.. policy.Callers.Select(caller => caller.Subject).OfType<PolicySubject.SecurityIdentifier>().Select(subject => subject.Sid)]);
        }

        TimeSpan writeLimit = options.Server.WriteLimit;
        return UnixSocketListener.FromSystemd(writeLimit) ?? UnixSocketListener.Bind(options.SocketPath, options.Group, writeLimit);
    }

    private static void CreateStateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static async Task AnnounceAsync(RunOptions options, string endpoint, TextWriter output)
    {
        string ready = $"{{\"socket\":\"{JsonEncodedText.Encode(endpoint)}\"}}";
        if (options.ReadyFile is { } file)
        {
            // Whole or not there: whoever waits for it reads it at once.
            string next = file + ".next";
            await File.WriteAllTextAsync(next, ready + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(next, file, overwrite: true);
        }

        await output.WriteLineAsync($"READY {ready}");
        await output.FlushAsync();
    }
}
