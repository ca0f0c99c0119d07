using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>Length-prefixed frames over a stream: a Unix socket, or a pipe on Windows.</summary>
/// <remarks>One reader and any number of writers may use it at a time; each frame is written whole. It does not own the stream.</remarks>
public sealed class FrameStream : IDisposable
{
    private readonly Stream _stream;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ArrayBufferWriter<byte> _outgoing = new(1024);
    private readonly Utf8JsonWriter _json;
    private byte[] _incoming = new byte[4096];
    private int _consumed;
    private int _filled;

    /// <summary>Frames over <paramref name="stream"/>.</summary>
    public FrameStream(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _json = new Utf8JsonWriter(_outgoing);
    }

    /// <summary>
    /// Reads the next frame's payload. The memory is valid until the next call.
    /// </summary>
    /// <returns>Null when the other end closed between two frames.</returns>
    /// <exception cref="ConfiguratorException">
    /// <see cref="ConfiguratorErrorCode.BadFrame"/>: empty, longer than <see cref="ConfiguratorProtocol.MaxFrameBytes"/>, or cut off. The stream cannot be read on.
    /// </exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTakeFrame(out ReadOnlyMemory<byte> payload))
            {
                return payload;
            }

            // Whatever has arrived is taken in one read: most frames cost one system call, and a burst costs one for all.
            int got = await _stream.ReadAsync(_incoming.AsMemory(_filled), cancellationToken).ConfigureAwait(false);
            if (got > 0)
            {
                _filled += got;
                continue;
            }

            int left = _filled - _consumed;
            return left switch
            {
                0 => null,
                < ConfiguratorProtocol.HeaderBytes => throw ConfiguratorException.BadFrame("The stream ended inside a frame's length."),
                _ => throw ConfiguratorException.BadFrame(
                    $"The stream ended after {left - ConfiguratorProtocol.HeaderBytes} of a frame's {BinaryPrimitives.ReadUInt32LittleEndian(_incoming.AsSpan(_consumed))} bytes."),
            };
        }
    }

    /// <summary>
    /// Writes one frame. <paramref name="cancellationToken"/> ends the wait for other writers; a write under way ends when the stream is closed.
    /// </summary>
    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.BadFrame"/>: the frame would be too large. Nothing was written.</exception>
    public async ValueTask WriteAsync<T>(T frame, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _outgoing.ResetWrittenCount();
            _outgoing.Advance(Reserve(_outgoing));
            _json.Reset(_outgoing);
            JsonSerializer.Serialize(_json, frame, typeInfo);
            int length = _outgoing.WrittenCount - ConfiguratorProtocol.HeaderBytes;
            if (length > ConfiguratorProtocol.MaxFrameBytes)
            {
                throw ConfiguratorException.BadFrame($"A frame of {length} bytes is over the limit of {ConfiguratorProtocol.MaxFrameBytes}.");
            }

            BinaryPrimitives.WriteUInt32LittleEndian(
                System.Runtime.InteropServices.MemoryMarshal.AsMemory(_outgoing.WrittenMemory).Span, (uint)length);
            // Half a frame would poison everything behind it, so a write under way is not cancelled; closing the stream ends it.
            await _stream.WriteAsync(_outgoing.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
            await _stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Frees the buffers; the stream stays open.</summary>
    public void Dispose()
    {
        _json.Dispose();
        _writing.Dispose();
    }

    private bool TryTakeFrame(out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        int available = _filled - _consumed;
        int needed = ConfiguratorProtocol.HeaderBytes;
        if (available >= needed)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_incoming.AsSpan(_consumed));
            if (length is 0 or > ConfiguratorProtocol.MaxFrameBytes)
            {
                throw ConfiguratorException.BadFrame($"A frame of {length} bytes is outside 1 to {ConfiguratorProtocol.MaxFrameBytes}.");
            }

            needed += (int)length;
            if (available >= needed)
            {
                payload = _incoming.AsMemory(_consumed + ConfiguratorProtocol.HeaderBytes, (int)length);
                _consumed += needed;
                return true;
            }
        }

        MakeRoom(available, needed);
        return false;
    }

    private void MakeRoom(int available, int needed)
    {
        if (_consumed > 0)
        {
            _incoming.AsSpan(_consumed, available).CopyTo(_incoming);
            _consumed = 0;
            _filled = available;
        }

        if (_incoming.Length < needed)
        {
            Array.Resize(ref _incoming, needed);
        }
    }

    private static int Reserve(ArrayBufferWriter<byte> writer)
    {
        writer.GetSpan(ConfiguratorProtocol.HeaderBytes)[..ConfiguratorProtocol.HeaderBytes].Clear();
        return ConfiguratorProtocol.HeaderBytes;
    }
}
