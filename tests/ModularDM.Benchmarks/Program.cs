using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ModularDM.Benchmarks.EndToEnd;
using ModularDM.Benchmarks.Hub;
using ModularDM.Benchmarks.StartUp;

return args switch
{
    ["ratio", .. var rest] => await RatioProgram.RunAsync(rest),
    ["discovery", .. var rest] => await DiscoveryProgram.RunAsync(rest),
    ["hub", .. var rest] => await HubProgram.RunAsync(rest),
    [PeerHub.Command, var caFile] => await PeerHub.RunAsync(caFile),
    [BareDevice.Command, var connectionString, var caFile] => await BareDevice.RunAsync(connectionString, caFile),
    _ => Micro(args),
};

static int Micro(string[] args)
{
    // In this process and short, so that the whole suite ends within three minutes; figures to publish deserve "--job Medium".
    IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).AsDefault());
    BenchmarkSwitcher.FromAssembly(typeof(BareDevice).Assembly).Run(args.Length == 0 ? ["--filter", "*", "--join"] : args, config);
    return 0;
}
