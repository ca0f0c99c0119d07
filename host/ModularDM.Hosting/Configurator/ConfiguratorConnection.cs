using System.Collections.Concurrent;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Hosting.Configurator;

/// <summary>One open connection to root after its hello: requests go out as they come, answers find their request by id.</summary>
internal sealed class ConfiguratorConnection : IDisposable
{
    private static readonly TimeSpan s_stuckAfter = TimeSpan.FromSeconds(2);

    private readonly string _endpoint;
    private readonly Stream _stream;
    private readonly FrameStream _frames;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ResponseFrame>> _pending = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<Exception?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastId;

    private ConfiguratorConnection(string endpoint, Stream stream, FrameStream frames, ServerHello peer)
    {
        _endpoint = endpoint;
        _stream = stream;
        _frames = frames;
        Peer = peer;
    }

    public ServerHello Peer { get; }

    public bool IsOpen => !_closed.Task.IsCompleted;

    /// <summary>Completes once, with what ended the connection; null when root or we closed it in good order.</summary>
    public Task<Exception?> Closed => _closed.Task;

    /// <summary>Exchanges hellos over a stream that it owns from here on.</summary>
    /// <exception cref="ConfiguratorException">Root refuses this caller, or speaks another protocol.</exception>
    public static async Task<ConfiguratorConnection> StartAsync(string endpoint, Stream stream, string version, CancellationToken cancellationToken)
    {
        var frames = new FrameStream(stream);
        try
        {
            var hello = new ClientHello { Protocol = ConfiguratorProtocol.Version, Version = version };
            await frames.WriteAsync(hello, ConfiguratorJson.Default.ClientFrame, cancellationToken);
            ReadOnlyMemory<byte> payload = await frames.ReadAsync(cancellationToken)
                ?? throw ConfiguratorException.Unavailable(endpoint, new EndOfStreamException("It closed the connection before its hello."));
            var connection = new ConfiguratorConnection(endpoint, stream, frames, Check(ConfiguratorJson.ParseServerFrame(payload.Span)));
            _ = connection.ReadOnAsync(frames.ReadAsync(connection._closing.Token));
            return connection;
        }
        catch
        {
            frames.Dispose();
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>An id for the next request.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Sends a request and waits for its answer; at <paramref name="cancellationToken"/> root is told to stop.</summary>
    /// <param name="operation">The wire name, for messages.</param>
    /// <param name="request">The frame, with an id of <see cref="NextId"/>.</param>
    /// <param name="cancellationToken">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    public async Task<ResponseFrame> ExchangeAsync(string operation, RequestFrame request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Continuations run where the answer is delivered: ReadOnAsync has handed the reading on by then, every other place queues to the pool.
        var answer = new TaskCompletionSource<ResponseFrame>();
        _pending[request.Id] = answer;
        try
        {
            if (!IsOpen)
            {
                throw new ConnectionLostException(null);
            }

            await WriteAsync(request, operation, cancellationToken);
            await using (cancellationToken.UnsafeRegister(static state => Queue((TaskCompletionSource<ResponseFrame>)state!, null), answer))
            {
                return await answer.Task;
            }
        }
        catch (OperationCanceledException)
        {
            Post(new CancelFrame { Id = request.Id });
            throw;
        }
        catch (ConnectionLostException e)
        {
            throw new ConfiguratorException(
                new ConfiguratorError(
                    ConfiguratorErrorCode.Unavailable,
                    $"The connection to the configurator at '{_endpoint}' was lost before {operation} was answered; its outcome is unknown.",
                    e.InnerException?.Message),
                e.InnerException);
        }
        finally
        {
            _pending.TryRemove(request.Id, out _);
        }
    }

    /// <summary>Sends a frame that has no answer, without waiting. A failure ends the connection, which is how it is noticed.</summary>
    public void Post(ClientFrame frame) => _ = PostAsync(frame);

    public void Dispose() => Close(null);

    private static ServerHello Check(ServerFrame frame) => frame switch
    {
        ServerHello { Protocol: ConfiguratorProtocol.Version } hello => hello,
        ServerHello hello => throw new ConfiguratorException(new ConfiguratorError(
            ConfiguratorErrorCode.Unavailable,
            $"The configurator {hello.Version} speaks protocol {hello.Protocol}, this host protocol {ConfiguratorProtocol.Version}. Install both from one release.")),
        ResponseFrame { Error: { } error } => throw new ConfiguratorException(error),
        _ => throw ConfiguratorException.BadFrame("The configurator's first frame is not a hello."),
    };

    private async ValueTask WriteAsync(RequestFrame frame, string operation, CancellationToken cancellationToken)
    {
        try
        {
            ValueTask write = _frames.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, cancellationToken);
            if (write.IsCompleted)
            {
                await write;
                return;
            }

            Task slow = write.AsTask();
            try
            {
                await slow.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!slow.IsCompleted)
            {
                _ = FinishOrCloseAsync(slow);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close(e);
            throw new ConnectionLostException(e);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw ConfiguratorException.InvalidArgument($"{operation} cannot be written as JSON: {e.Message}");
        }
    }

    /// <summary>A write that its caller gave up ends soon, or root has stopped reading and this connection is of no more use.</summary>
    private async Task FinishOrCloseAsync(Task write)
    {
        try
        {
            await write.WaitAsync(s_stuckAfter, TimeProvider.System);
        }
        catch (TimeoutException e)
        {
            Close(new IOException("The configurator stopped reading.", e));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close(e);
        }
        catch (Exception e) when (e is OperationCanceledException or ArgumentException or NotSupportedException or ConfiguratorException)
        {
            // Never written: it was still waiting for its turn, or is no JSON. Its caller has gone.
        }
    }

    private async Task PostAsync(ClientFrame frame)
    {
        try
        {
            await _frames.WriteAsync(frame, ConfiguratorJson.Default.ClientFrame, _closing.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Close(e);
        }
    }

    private async Task ReadOnAsync(ValueTask<ReadOnlyMemory<byte>?> next)
    {
        try
        {
            while (await next is { } payload)
            {
                ResponseFrame frame = ConfiguratorJson.ParseServerFrame(payload.Span) as ResponseFrame
                    ?? throw ConfiguratorException.BadFrame("The configurator sent a second hello.");
                if (frame.Id == 0)
                {
                    throw new ConfiguratorException(frame.Error ?? new ConfiguratorError(ConfiguratorErrorCode.BadFrame, "The configurator answered no request."));
                }

                _pending.TryRemove(frame.Id, out TaskCompletionSource<ResponseFrame>? answer);
#pragma warning disable CA2012 // Looked at once, then consumed once: by this loop or by the one that takes over.
                next = _frames.ReadAsync(_closing.Token);
                if (next.IsCompleted)
#pragma warning restore CA2012
                {
                    if (answer is not null)
                    {
                        ThreadPool.UnsafeQueueUserWorkItem(static pair => pair.answer.TrySetResult(pair.frame), (answer, frame), preferLocal: false);
                    }

                    continue;
                }

                // Nothing more has arrived: another thread will go on reading, and this one runs the caller's code, which saves waking a third.
                _ = ReadOnAsync(next);
                answer?.TrySetResult(frame);
                return;
            }

            Close(null);
        }
        catch (Exception e)
        {
            // Whatever ended the reading, every waiting request is told.
            Close(e);
        }
    }

    private void Close(Exception? cause)
    {
        if (!_closed.TrySetResult(cause))
        {
            return;
        }

        _closing.Cancel();
        _stream.Dispose();
        foreach (TaskCompletionSource<ResponseFrame> answer in _pending.Values)
        {
            Queue(answer, new ConnectionLostException(cause));
        }
    }

    /// <summary>Ends a wait on a thread of the pool: what the waiting caller does next must not hold up whoever cancels or closes.</summary>
    private static void Queue(TaskCompletionSource<ResponseFrame> answer, ConnectionLostException? failure) => ThreadPool.UnsafeQueueUserWorkItem(
        static end =>
        {
            if (end.failure is null)
            {
                end.answer.TrySetCanceled();
            }
            else
            {
                end.answer.TrySetException(end.failure);
            }
        },
        (answer, failure),
        preferLocal: false);

    private sealed class ConnectionLostException(Exception? cause) : Exception("The connection was lost.", cause);
}
