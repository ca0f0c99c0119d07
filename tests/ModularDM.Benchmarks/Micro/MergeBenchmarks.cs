using BenchmarkDotNet.Attributes;
using ModularDM.Hosting.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Benchmarks.Micro;

/// <summary>A patch of two sections over a twin of 25: the host's way, section by section, and the plain way, over the whole document.</summary>
[MemoryDiagnoser]
public class MergeBenchmarks
{
    private readonly byte[] _document = SampleTwin.Desired;
    private readonly byte[] _patch = SampleTwin.Patch;
    private readonly DesiredState _desired = new(SampleTwin.Names, ["windows", "modularDM"]);

    [GlobalSetup]
    public void Setup() => _desired.Replace(_document);

    [Benchmark]
    public int TwoSections() => _desired.Merge(_patch, out _).Count;

    [Benchmark]
    public int WholeDocument() => MergePatch.Apply(_document, _patch).Length;

    [Benchmark]
    public int FetchUnchanged() => _desired.Replace(_document).Count;
}
