using System.Buffers.Binary;
using System.Text.Json;
using CsCheck;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Contracts.Tests.Wire;

public sealed class FrameStreamTests
{
    private static readonly Gen<ClientFrame[]> s_frames = Gen.Select(Gen.Long, Gen.String[0, 6000], (id, text) => (ClientFrame)new RequestFrame
    {
        Id = id,
        Plugin = "contoso.fan",
        DeadlineMs = 1,
        Request = new WriteDeviceAttribute { Name = "fan0.pwm", Value = Wellformed(text) },
    }).Array[1, 5];

    private static readonly Gen<int[]> s_sizes = Gen.Int[1, 700].Array[1, 8];

    [Fact]
    public Task Read_AnyChunks_GivesTheFramesWritten() => Gen.Select(s_frames, s_sizes).SampleAsync(async (frames, sizes) =>
    {
        using var stream = new ChunkedStream(await WriteAsync(frames), sizes);
        using var reader = new FrameStream(stream);
        foreach (ClientFrame frame in frames)
        {
            ReadOnlyMemory<byte>? payload = await reader.ReadAsync(CancellationToken.None);
            if (!frame.Equals(ConfiguratorJson.ParseClientFrame(payload!.Value.Span)))
            {
                return false;
            }
        }

        return await reader.ReadAsync(CancellationToken.None) is null;
    }, iter: 200);

    [Fact]
    public Task Read_StreamCutAnywhere_IsABadFrameOrTheEnd() => Gen.Select(s_frames, s_sizes, Gen.Double[0, 1]).SampleAsync(async (frames, sizes, where) =>
    {
        byte[] whole = await WriteAsync(frames);
        int cut = (int)(whole.Length * where);
        using var stream = new ChunkedStream(whole[..cut], sizes);
        using var reader = new FrameStream(stream);
        int read = 0;
        try
        {
            while (await reader.ReadAsync(CancellationToken.None) is { } payload)
            {
                read += ConfiguratorProtocol.HeaderBytes + payload.Length;
            }

            return read == cut;
        }
        catch (ConfiguratorException e)
        {
            return e.Code == ConfiguratorErrorCode.BadFrame && read < cut;
        }
    }, iter: 200);

    [Theory]
    [InlineData(0u)]
    [InlineData(ConfiguratorProtocol.MaxFrameBytes + 1u)]
    [InlineData(uint.MaxValue)]
    public async Task Read_LengthOutsideTheLimits_IsRefusedAndNothingBehindItIsRead(uint length)
    {
        // Far more than the reader takes in one go: what a hostile length promises must not be fetched.
        byte[] bytes = new byte[ConfiguratorProtocol.MaxFrameBytes * 2];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        using var stream = new MemoryStream(bytes);
        using var reader = new FrameStream(stream);

        ConfiguratorException e = await Assert.ThrowsAsync<ConfiguratorException>(() => reader.ReadAsync(TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(ConfiguratorErrorCode.BadFrame, e.Code);
        Assert.InRange(stream.Position, ConfiguratorProtocol.HeaderBytes, 64 * 1024);
    }

    [Fact]
    public async Task Write_FrameTooLarge_IsRefusedAndTheNextIsWritten()
    {
        using var stream = new MemoryStream();
        using var writer = new FrameStream(stream);
        var large = new ClientHello { Protocol = 1, Version = new string('x', ConfiguratorProtocol.MaxFrameBytes) };

        ConfiguratorException e = await Assert.ThrowsAsync<ConfiguratorException>(
            () => writer.WriteAsync(large, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken).AsTask());
        Assert.Equal((ConfiguratorErrorCode.BadFrame, 0), (e.Code, stream.Length));
        await writer.WriteAsync(new CancelFrame { Id = 1 }, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken);

        stream.Position = 0;
        ReadOnlyMemory<byte>? payload = await writer.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new CancelFrame { Id = 1 }, ConfiguratorJson.ParseClientFrame(payload!.Value.Span));
    }

    [Fact]
    public async Task Write_LargestFrame_IsRead()
    {
        using var stream = new MemoryStream();
        using var frames = new FrameStream(stream);
        int around = JsonSerializer.SerializeToUtf8Bytes(new ClientHello { Protocol = 1, Version = "" }, ConfiguratorJson.Default.ClientFrame).Length;
        var largest = new ClientHello { Protocol = 1, Version = new string('x', ConfiguratorProtocol.MaxFrameBytes - around) };

        await frames.WriteAsync(largest, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken);

        stream.Position = 0;
        Assert.Equal(ConfiguratorProtocol.MaxFrameBytes, (await frames.ReadAsync(TestContext.Current.CancellationToken))!.Value.Length);
    }

    [Fact]
    public async Task Write_ManyWritersAtOnce_WriteWholeFrames()
    {
        using var stream = new MemoryStream();
        using var frames = new FrameStream(stream);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(
            () => frames.WriteAsync(new CancelFrame { Id = i }, ConfiguratorJson.Default.ClientFrame, TestContext.Current.CancellationToken).AsTask())));

        stream.Position = 0;
        var seen = new HashSet<long>();
        while (await frames.ReadAsync(TestContext.Current.CancellationToken) is { } payload)
        {
            seen.Add(((CancelFrame)ConfiguratorJson.ParseClientFrame(payload.Span)).Id);
        }

        Assert.Equal(100, seen.Count);
    }

    private static async Task<byte[]> WriteAsync(ClientFrame[] frames)
    {
        using var stream = new MemoryStream();
        using var writer = new FrameStream(stream);
        foreach (ClientFrame frame in frames)
        {
            await writer.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        }

        return stream.ToArray();
    }

    // Half a surrogate pair cannot be written as JSON, and no request holds one.
    private static string Wellformed(string text) => string.Concat(text.EnumerateRunes());
}
