using System.Collections.Concurrent;
using System.Globalization;
using MQTTnet.Protocol;

namespace ModularDM.Hosting.Hub;

/// <summary>Requests on one connection whose answers come as messages of their own, matched by <c>$rid</c>. Each has a limit, and none outlives the connection.</summary>
/// <typeparam name="TAnswer">What the other side answers.</typeparam>
internal sealed class MqttRequests<TAnswer>
{
    private readonly MqttLink _link;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TAnswer>> _waiting = [];
    private long _lastId;
    private volatile bool _closed;

    public MqttRequests(MqttLink link, TimeProvider clock)
    {
        _link = link;
        _clock = clock;
        _ = link.Ended.ContinueWith(_ => Close(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Publishes a request and waits for its answer.</summary>
    /// <param name="what">What is asked, for messages.</param>
    /// <param name="topic">Makes the topic from the request's id.</param>
    /// <param name="body">What is published.</param>
    /// <param name="qos">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HubException">Not connected any more, or out of time.</exception>
    public async Task<TAnswer> AskAsync(string what, Func<string, string> topic, ReadOnlyMemory<byte> body, MqttQualityOfServiceLevel qos, CancellationToken cancellationToken)
    {
        string id = Interlocked.Increment(ref _lastId).ToString("x", CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        using var limit = new CancellationTokenSource(_link.Limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (_closed)
            {
                throw HubException.NotConnected(what);
            }

            await _link.PublishAsync(what, topic(id), body, qos, either.Token);
            return await answer.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw answer.Task.IsCanceled ? HubException.NotConnected(what) : HubException.Timeout(what, _link.Limit);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Takes an answer; one that comes late or twice is dropped.</summary>
    public void Complete(string id, TAnswer answer)
    {
        if (_waiting.TryRemove(id, out TaskCompletionSource<TAnswer>? waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    private void Close()
    {
        _closed = true;
        foreach (TaskCompletionSource<TAnswer> waiting in _waiting.Values)
        {
            waiting.TrySetCanceled();
        }
    }
}
