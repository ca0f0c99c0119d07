using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace ModularDM.Hub.Local.Devices;

/// <summary>
/// Looks at a connection's first packet before the broker does. The broker would refuse MQTT 5 in the form of version 5; a hub that knows 3.1.1 alone answers as
/// 3.1.1 says, with return code 1, and hangs up.
/// </summary>
internal static class ProtocolVersionGate
{
    private const byte Connect = 0x10;
    private const byte KnownLevel = 4;
    private const int MaxHeader = 12;
    private static readonly byte[] Refusal = [0x20, 0x02, 0x00, 0x01];
    private static readonly byte[] Name = [0x00, 0x04, (byte)'M', (byte)'Q', (byte)'T', (byte)'T'];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Passes a connection on, unless it asks for a later version.</summary>
    public static async Task RunAsync(ConnectionContext connection, TimeProvider time, ConnectionDelegate next)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        PipeReader input = connection.Transport.Input;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                return; // Nobody said anything.
            }

            bool? later = AsksForLater(read.Buffer);
            if (later is null && !read.IsCompleted)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            // Nothing is consumed: the broker reads the packet from its start.
            input.AdvanceTo(read.Buffer.Start);
            if (later == true)
            {
                await connection.Transport.Output.WriteAsync(Refusal, limit.Token);
                return;
            }

            await next(connection);
            return;
        }
    }

    // Null for too few bytes to say. The level comes behind the type, one to four bytes of length, and the protocol's name.
    private static bool? AsksForLater(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[MaxHeader];
        start = start[..(int)Math.Min(MaxHeader, buffer.Length)];
        buffer.Slice(0, start.Length).CopyTo(start);
        if (start.Length > 0 && start[0] != Connect)
        {
            return false;
        }

        int end = start.IsEmpty ? -1 : start[1..].IndexOfAnyInRange((byte)0, (byte)0x7F);
        if (end < 0)
        {
            return start.Length > 5 ? false : null;
        }

        ReadOnlySpan<byte> rest = start[(end + 2)..];
        int compared = Math.Min(rest.Length, Name.Length);
        if (!rest[..compared].SequenceEqual(Name.AsSpan(0, compared)))
        {
            return false;
        }

        return rest.Length > Name.Length ? rest[Name.Length] > KnownLevel : null;
    }
}
