using CsCheck;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Tests.Configurator;

public sealed class FrameStreamTests
{
    private static readonly Gen<ClientFrame[]> s_frames =
        Gen.Select(Gen.Long[1, 1000], Gen.Int[0, 9000], (id, length) => (ClientFrame)new RequestFrame
        {
            Id = id,
            Plugin = "contoso.clock",
            DeadlineMs = 1000,
            Request = new SetNtpServer { Server = new string('x', length) },
        }).Array[1, 6];

    [Fact]
    public void Read_FramesInPiecesOfAnySize_AreReadWhole() =>
        Gen.Select(s_frames, Gen.Int[1, 5000].Array[1, 20]).SampleAsync(
            async (frames, sizes) =>
            {
                byte[] bytes = await BytesAsync(frames);
                using var reader = new FrameStream(new ChoppedStream(bytes, sizes));
                foreach (ClientFrame frame in frames)
                {
                    ReadOnlyMemory<byte>? payload = await reader.ReadAsync(CancellationToken.None);
                    Assert.Equal(frame, ConfiguratorJson.ParseClientFrame(payload!.Value.Span));
                }

                Assert.Null(await reader.ReadAsync(CancellationToken.None));
            },
            iter: 200);

    [Fact]
    public async Task Read_CutAtEveryByte_IsAnEndOrABadFrame()
    {
        byte[] bytes = await BytesAsync([new CancelFrame { Id = 1 }, new CancelFrame { Id = 2 }]);
        int first = BitConverter.ToInt32(bytes, 0) + 4;
        for (int length = 0; length <= bytes.Length; length++)
        {
            using var reader = new FrameStream(new ChoppedStream(bytes[..length], [7]));
            int whole = length / first;
            for (int i = 0; i < whole; i++)
            {
                Assert.NotNull(await reader.ReadAsync(CancellationToken.None));
            }

            if (length % first == 0)
            {
                Assert.Null(await reader.ReadAsync(CancellationToken.None));
            }
            else
            {
                var e = await Assert.ThrowsAsync<ConfiguratorException>(async () => await reader.ReadAsync(CancellationToken.None));
                Assert.Equal(ConfiguratorErrorCode.BadFrame, e.Code);
            }
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1024u * 1024 + 1)]
    [InlineData(uint.MaxValue)]
    public async Task Read_LengthOutsideTheBounds_IsABadFrameWithoutReadingOn(uint length)
    {
        using var reader = new FrameStream(new ChoppedStream(BitConverter.GetBytes(length), [4]));

        var e = await Assert.ThrowsAsync<ConfiguratorException>(async () => await reader.ReadAsync(CancellationToken.None));

        Assert.Equal($"A frame of {length} bytes is outside 1 to 1048576.", e.Message);
    }

    private static async Task<byte[]> BytesAsync(ClientFrame[] frames)
    {
        using var bytes = new MemoryStream();
        using var writer = new FrameStream(bytes);
        foreach (ClientFrame frame in frames)
        {
            await writer.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, CancellationToken.None);
        }

        return bytes.ToArray();
    }

    /// <summary>Gives its bytes in pieces, as a socket does.</summary>
    private sealed class ChoppedStream(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int _piece;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span[..Math.Min(buffer.Length, sizes[_piece++ % sizes.Length])]));
    }
}
