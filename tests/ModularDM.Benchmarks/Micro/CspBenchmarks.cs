using BenchmarkDotNet.Attributes;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Benchmarks.Micro;

/// <summary>SyncML and the simulated tree. With <c>MODULARDM_SHARED</c> the tree has every node of Microsoft's descriptions there, otherwise the own table's.</summary>
[MemoryDiagnoser]
public class CspBenchmarks
{
    private const string Node = "./Device/Vendor/MSFT/Policy/Config/Update/ActiveHoursStart";
    private readonly CspSchema _schema = Schema();
    private CspTree _tree = null!;
    private CspVerbs _verbs = null!;
    private string _answer = null!;

    [GlobalSetup]
    public void Setup()
    {
        _tree = new CspTree(_schema);
        _verbs = new CspVerbs(_tree);
        _tree.Change(tree => tree.Set(Node, "8"));
        _answer = new BodyRunner(_tree).Run(Request().Build());
    }

    /// <summary>A message of 100 commands as text, and the answer to it read.</summary>
    [Benchmark]
    public int BuildAndParse100() => Request().Build().Length + SyncMlResponse.Parse(_answer).StatusOf(100);

    [Benchmark]
    public int Build100() => Request().Build().Length;

    [Benchmark]
    public int Parse100() => SyncMlResponse.Parse(_answer).StatusOf(100);

    /// <summary>The simulated device's part: a message of 100 commands read, done and answered.</summary>
    [Benchmark]
    public int Run100() => new BodyRunner(_tree).Run(Request().Build()).Length;

    [Benchmark]
    public int GetOne() => _tree.Change(_ => _verbs.Do("Get", Node)).Status;

    [Benchmark]
    public int LoadOwnTable() => NodeTables.LoadOwn().Root.Children.Count;

    private static SyncMlRequest Request()
    {
        var request = new SyncMlRequest();
        for (int i = 0; i < 50; i++)
        {
            request.Get(Node);
            request.Replace(Node, CspFormat.Int, "9");
        }

        return request;
    }

    private static CspSchema Schema()
    {
        CspSchema schema = NodeTables.LoadOwn();
        if (Environment.GetEnvironmentVariable("MODULARDM_SHARED") is { } shared)
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(shared, "csp", "ddf-v2"), "*.xml"))
            {
                using FileStream stream = File.OpenRead(file);
                DdfReader.Read(stream, schema);
            }
        }

        return schema;
    }
}
