using BenchmarkDotNet.Attributes;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Twin;
using ModularDM.Hub.Protocol;

namespace ModularDM.Benchmarks.Micro;

/// <summary>What to report when one of 25 sections changed: the host's outbox, and a diff of the whole document.</summary>
[MemoryDiagnoser]
public class DiffBenchmarks
{
    private readonly byte[] _before = SampleTwin.Section(0);
    private readonly byte[] _after = SampleTwin.Section(1);
    private readonly byte[] _document = SampleTwin.Desired;
    private readonly byte[] _changed = MergePatch.Apply(SampleTwin.Desired, (byte[])[.. "{\"vendor1\":{\"section2\":"u8, .. SampleTwin.Section(1), .. "}}"u8]);
    private readonly ReportedState _reported = new(TimeProvider.System);
    private readonly SectionReport[] _reports = [SectionReport.FromJson(SampleTwin.Section(0)), SectionReport.FromJson(SampleTwin.Section(1))];
    private int _turn;

    [GlobalSetup]
    public void Setup()
    {
        foreach (SectionName name in SampleTwin.Names)
        {
            _reported.Set(name, _reports[0], null);
        }

        _reported.Commit(_reported.Take()!);
    }

    [Benchmark]
    public int OneSection() => ReportedJson.TryDiff(_before, _after, out byte[] diff) ? diff.Length : 0;

    [Benchmark]
    public int ReportOneOf25()
    {
        _reported.Set(SampleTwin.Names[7], _reports[++_turn % 2], null);
        ReportPatch patch = _reported.Take()!;
        _reported.Commit(patch);
        return patch.Json.Length;
    }

    [Benchmark]
    public int WholeDocument() => MergePatch.Diff(_document, _changed)!.Length;
}
