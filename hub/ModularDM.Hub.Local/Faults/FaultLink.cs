using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ModularDM.Hub.Local.Faults;

/// <summary>One connection whose bytes pass through the hub's faults. It lies below TLS, so that what is above notices nothing but what a bad network shows.</summary>
internal sealed class FaultLink(ConnectionContext connection, HubFaults faults, TimeProvider time, bool isDevice)
{
    private volatile string? deviceId;
    private volatile bool isDevice = isDevice;
    private volatile bool dark;

    public string? DeviceId => deviceId;

    public bool IsDevice => isDevice;

    /// <summary>Whether no byte passes any more. Bytes have been lost, so that it can only end.</summary>
    public bool IsDark => dark;

    public void Identify(string id)
    {
        deviceId = id;
        isDevice = true;
    }

    public void Suffer(FaultKind kind)
    {
        // Before the socket is touched: TLS must not say goodbye on a link that is lost.
        dark = true;
        Socket? socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        try
        {
            if (kind == FaultKind.Drop)
            {
                socket?.Shutdown(SocketShutdown.Both);
            }
            else if (kind == FaultKind.Reset)
            {
                socket?.Close(0);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The link has ended by itself meanwhile.
        }
    }

    public async Task ServeAsync(ConnectionDelegate next)
    {
        IDuplexPipe network = connection.Transport;
        Pipe toHub = new(), toDevice = new();
        connection.Transport = new Ends(toHub.Reader, toDevice.Writer);
        Task receiving = PumpAsync(network.Input, toHub.Writer, FaultDirection.ToHub);
        Task sending = PumpAsync(toDevice.Reader, network.Output, FaultDirection.ToDevice);
        try
        {
            await next(new Link(connection, this, toHub.Reader));
        }
        finally
        {
            connection.Transport = network;
            await toHub.Reader.CompleteAsync();
            await toDevice.Writer.CompleteAsync();
            await sending;

            // A hub that gives up a link in a black hole cannot tell the device: the socket stays until the device closes it, or the hub stops.
            if (!dark)
            {
                network.Input.CancelPendingRead();
            }

            await receiving;
        }
    }

    private async Task PumpAsync(PipeReader from, PipeWriter to, FaultDirection direction)
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                ReadResult read = await from.ReadAsync();
                bool open = !read.IsCanceled && await PassAsync(read.Buffer, to, direction);
                from.AdvanceTo(read.Buffer.End);
                if (!open || read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection broke, or the hub closed its end.
            error = e;
        }

        if (direction == FaultDirection.ToHub)
        {
            await to.CompleteAsync(error);
        }
        else
        {
            await from.CompleteAsync(error);
        }
    }

    // False when the other end takes no more.
    private async ValueTask<bool> PassAsync(ReadOnlySequence<byte> bytes, PipeWriter to, FaultDirection direction)
    {
        TimeSpan late = dark ? TimeSpan.Zero : faults.DelayOf(deviceId, direction);
        if (late > TimeSpan.Zero)
        {
            await Task.Delay(late, time, connection.ConnectionClosed);
        }

        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            if (!dark && (await to.WriteAsync(piece)).IsCompleted)
            {
                // The hub has closed its end of a link that is not dark; on a dark one the device's bytes must still be taken.
                return false;
            }
        }

        return true;
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>What the layers above see. They may end a link for themselves; a device in a black hole does not hear of it.</summary>
    private sealed class Link(ConnectionContext inner, FaultLink owner, PipeReader hubsEnd) : ConnectionContext
    {
        public override string ConnectionId
        {
            get => inner.ConnectionId;
            set => inner.ConnectionId = value;
        }

        public override Microsoft.AspNetCore.Http.Features.IFeatureCollection Features => inner.Features;

        public override IDictionary<object, object?> Items
        {
            get => inner.Items;
            set => inner.Items = value;
        }

        public override IDuplexPipe Transport
        {
            get => inner.Transport;
            set => inner.Transport = value;
        }

        public override System.Net.EndPoint? LocalEndPoint
        {
            get => inner.LocalEndPoint;
            set => inner.LocalEndPoint = value;
        }

        public override System.Net.EndPoint? RemoteEndPoint
        {
            get => inner.RemoteEndPoint;
            set => inner.RemoteEndPoint = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => inner.ConnectionClosed;
            set => inner.ConnectionClosed = value;
        }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            if (owner.dark)
            {
                hubsEnd.CancelPendingRead();
            }
            else
            {
                inner.Abort(abortReason);
            }
        }
    }
}
