using System.Buffers.Binary;
using System.Text;
using CsCheck;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests.Server;

public sealed class BadFrameTests
{
    private const string Good = """{"frame":"request","id":9,"plugin":"modulardm.test","deadlineMs":5000,"request":{"op":"getTelemetryLevel"}}""";

    [Theory]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{"op":"formatDisk"}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":null}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{"op":"getTelemetryLevel","x":1}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{"reason":"r","op":"rebootNow"}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{"op":"rebootNow"}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":1,"request":{"op":"rebootNow","reason":null}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"id":9,"plugin":"p","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","plugin":"q","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 9)]
    [InlineData("""{"id":9,"frame":"request","plugin":"p","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 9)]
    [InlineData("""{"frame":"request","id":9,"plugin":"p","deadlineMs":0,"request":{"op":"getTelemetryLevel"}}""", 9)]
    [InlineData("""{"frame":"request","id":0,"plugin":"p","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 0)]
    [InlineData("""{"frame":"request","id":-3,"plugin":"p","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 0)]
    [InlineData("""{"frame":"request","id":9,"plugin":"Bad Name","deadlineMs":1,"request":{"op":"getTelemetryLevel"}}""", 9)]
    [InlineData("""{"frame":"hello","protocol":1,"version":"again"}""", 0)]
    [InlineData("""{"frame":"nonsense"}""", 0)]
    [InlineData("""{}""", 0)]
    [InlineData("null", 0)]
    [InlineData("[]", 0)]
    [InlineData("{", 0)]
    [InlineData("\u0000", 0)]
    public async Task Frame_ThatIsNone_IsOneBadFrameAndTheConnectionGoesOn(string frame, long id)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.SendTextAsync(frame);
        ResponseFrameAssert.Error(await client.ResponseAsync(), id, ConfiguratorErrorCode.BadFrame);
        await client.SendTextAsync(Good);
        ResponseFrame next = await client.ResponseAsync();
        Assert.Equal(9, next.Id);
        Assert.Null(next.Error);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1024u * 1024u + 1u)]
    [InlineData(uint.MaxValue)]
    public async Task Length_OutsideTheBounds_IsBadFrameAndTheEnd(uint length)
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        byte[] header = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(header, length);
        await client.Stream.WriteAsync(header);
        ResponseFrameAssert.Error(await client.ResponseAsync(), 0, ConfiguratorErrorCode.BadFrame);
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Frame_CutOff_IsBadFrameAndTheEnd()
    {
        await using var server = new TestServer();
        using TestClient client = await server.ConnectAsync();
        await client.Stream.WriteAsync(new byte[] { 100, 0, 0, 0, (byte)'{' });
        client.Stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        ResponseFrameAssert.Error(await client.ResponseAsync(), 0, ConfiguratorErrorCode.BadFrame);
        Assert.Null(await client.ReceiveAsync());
    }

    [Fact]
    public async Task Id_InFlightAlready_IsBadFrame()
    {
        await using var server = new TestServer();
        server.Simulated.Faults.Set("ntp", new() { DelayMs = 20_000 });
        using TestClient client = await server.ConnectAsync();
        await client.StartAsync(new GetNtpServer());
        await client.SendTextAsync(Good.Replace("\"id\":9", "\"id\":1", StringComparison.Ordinal));
        ResponseFrameAssert.Error(await client.ResponseAsync(), 1, ConfiguratorErrorCode.BadFrame);
        await client.SendAsync(new CancelFrame { Id = 1 });
        ResponseFrameAssert.Error(await client.ResponseAsync(), 1, ConfiguratorErrorCode.Revoked);
    }

    [Fact]
    public async Task Server_AThousandMutatedFrames_StillAnswersAndStaysSmall()
    {
        await using var server = new TestServer();
        byte[] good = Encoding.UTF8.GetBytes(Good);
        Gen<byte[]> mutated = Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, 3]).Select((at, value, how) => how switch
        {
            0 => [.. good[..at], value, .. good[(at + 1)..]],
            1 => [.. good[..at], .. good[(at + 1)..]],
            2 => [.. good[..at], value, .. good[at..]],
            _ => good[..Math.Max(1, at)],
        });
        Gen<byte[]> frames = Gen.OneOf(mutated, Gen.Byte.Array[1, 300]);
        byte[][] batch = frames.Array[1000].Single();

        using TestClient client = await server.ConnectAsync();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        // A mutation may be a frame that is not answered (a cancel); behind a good request's answer all of them are done.
        Task sending = Task.Run(async () =>
        {
            foreach (byte[] frame in batch)
            {
                await client.SendBytesAsync(frame);
            }

            await client.SendTextAsync(Good.Replace("\"id\":9", "\"id\":123456789", StringComparison.Ordinal));
        });
        int answers = 0;
        while ((await client.ResponseAsync()).Id != 123456789)
        {
            answers++;
        }

        await sending;
        Assert.InRange(answers, 900, 1000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Caller_ThatReadsNoAnswers_IsCutOff()
    {
        await using var server = new TestServer(options: new() { WriteLimit = TimeSpan.FromMilliseconds(100) });
        using TestClient client = await server.ConnectAsync();
        byte[] good = Encoding.UTF8.GetBytes(Good);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                await client.SendBytesAsync(good);
            }
        }).WaitAsync(TestTimeouts.Default);
    }

    [Fact]
    public void IdIn_AnyBytes_NeverThrows() =>
        Gen.Byte.Array[0, 200].Sample(bytes => ModularDM.Configurator.Server.BadFrames.IdIn(bytes) >= 0, iter: 5000);
}
