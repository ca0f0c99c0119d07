using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Benchmarks.Micro;

/// <summary>One request frame to root, written and read: in memory, and through a Unix socket whose other end is read by the same code.</summary>
[MemoryDiagnoser]
#pragma warning disable CA1001 // BenchmarkDotNet ends a benchmark by its GlobalCleanup.
public class FrameBenchmarks
#pragma warning restore CA1001
{
    private readonly RequestFrame _frame = new()
    {
        Id = 4711, Plugin = "contoso.fancontrol", Lease = 12, DeadlineMs = 30_000, Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Request = new WriteDeviceAttribute { Name = "fan0.pwm", Value = "128" },
    };

    private readonly MemoryStream _memory = new();
    private FrameStream _inMemory = null!, _out = null!, _in = null!;
    private Socket _a = null!, _b = null!;

    [GlobalSetup]
    public void Setup()
    {
        _inMemory = new FrameStream(_memory);
        string path = Path.Combine(Path.GetTempPath(), $"mdm-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        _a = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _a.Connect(new UnixDomainSocketEndPoint(path));
        _b = listener.Accept();
        File.Delete(path);
        (_out, _in) = (new FrameStream(new NetworkStream(_a)), new FrameStream(new NetworkStream(_b)));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _inMemory.Dispose();
        _out.Dispose();
        _in.Dispose();
        _a.Dispose();
        _b.Dispose();
    }

    [Benchmark]
    public async Task<int> InMemory()
    {
        _memory.SetLength(0);
        await _inMemory.WriteAsync<ClientFrame>(_frame, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        _memory.Position = 0;
        return Length(await _inMemory.ReadAsync(CancellationToken.None));
    }

    [Benchmark]
    public async Task<int> ThroughSocket()
    {
        await _out.WriteAsync<ClientFrame>(_frame, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        return Length(await _in.ReadAsync(CancellationToken.None));
    }

    // What the reader does next with it.
    private static int Length(ReadOnlyMemory<byte>? payload) =>
        System.Text.Json.JsonSerializer.Deserialize(payload!.Value.Span, ConfiguratorJson.Default.ClientFrame) is RequestFrame request ? request.DeadlineMs : throw new InvalidDataException();
}
