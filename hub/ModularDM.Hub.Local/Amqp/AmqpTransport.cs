using System.Buffers;
using System.IO.Pipelines;
using global::Amqp;
using Microsoft.AspNetCore.Connections;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>One AMQP connection's bytes, carried by the web server: it did TLS, and perhaps WebSocket.</summary>
internal sealed class AmqpTransport(ConnectionContext connection, Func<Connection, bool> isAuthorized) : IAsyncTransport
{
    // A stranger needs one token's worth of bytes and no more.
    private const int MaxBytesOfStranger = 64 * 1024;
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection? owner;
    private long received;

    /// <summary>Ends when the AMQP side has closed.</summary>
    public Task Closed => closed.Task;

    public void SetConnection(Connection connection) => owner = connection;

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        PipeWriter output = connection.Transport.Output;
        foreach (ByteBuffer buffer in bufferList)
        {
            output.Write(buffer.Buffer.AsSpan(buffer.Offset, buffer.Length));
        }

        await output.FlushAsync();
    }

    public async Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        PipeReader input = connection.Transport.Input;
        ReadResult read = await input.ReadAsync();
        ReadOnlySequence<byte> some = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, count));
        some.CopyTo(buffer.AsSpan(offset));
        int length = (int)some.Length;
        input.AdvanceTo(some.End);
        received += length;
        return received > MaxBytesOfStranger && owner is not null && !isAuthorized(owner)
            ? throw new IOException($"More than {MaxBytesOfStranger} bytes came before a token.")
            : length;
    }

    public void Send(ByteBuffer buffer) => SendAsync([buffer], buffer.Length).GetAwaiter().GetResult();

    public int Receive(byte[] buffer, int offset, int count) => ReceiveAsync(buffer, offset, count).GetAwaiter().GetResult();

    public void Close() => closed.TrySetResult();
}
