using System.Text.Json;
using BenchmarkDotNet.Attributes;
using ModularDM.Hosting.Twin;

namespace ModularDM.Benchmarks.Micro;

/// <summary>Taking a 32 KB twin apart by section, against reading its tokens and doing nothing with them.</summary>
[MemoryDiagnoser]
public class RouteBenchmarks
{
    private readonly byte[] _document = SampleTwin.Desired;

    [Benchmark(Baseline = true)]
    public int Tokenise()
    {
        var reader = new Utf8JsonReader(_document);
        int tokens = 0;
        while (reader.Read())
        {
            tokens++;
        }

        return tokens;
    }

    [Benchmark]
    public int Split()
    {
        var splitter = new TwinSplitter(_document, stackalloc char[2048]);
        int bytes = 0;
        while (splitter.MoveNext())
        {
            bytes += splitter.Value.Length;
        }

        return bytes;
    }
}
