using System.Collections.Concurrent;
using System.Globalization;

namespace ModularDM.Hosting.Hub;

/// <summary>Finds the request that an answer belongs to, by <c>$rid</c>.</summary>
/// <typeparam name="TAnswer">What the other side answers.</typeparam>
internal sealed class PendingRequests<TAnswer>
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TAnswer>> _waiting = [];
    private long _lastId;
    private volatile Exception? _closed;

    /// <summary>Opens a request: its id, and the task that its answer completes.</summary>
    public (string Id, Task<TAnswer> Answer) Open()
    {
        string id = Interlocked.Increment(ref _lastId).ToString("x", CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        if (_closed is { } reason)
        {
            answer.TrySetException(reason);
        }

        return (id, answer.Task);
    }

    /// <summary>Gives up waiting for an answer.</summary>
    public void Forget(string id) => _waiting.TryRemove(id, out _);

    /// <summary>Completes a request; an answer that nobody waits for any more is dropped.</summary>
    public void Complete(string id, TAnswer answer)
    {
        if (_waiting.TryRemove(id, out TaskCompletionSource<TAnswer>? waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    /// <summary>Fails all requests, and those still to come.</summary>
    public void Close(Exception reason)
    {
        _closed = reason;
        foreach (TaskCompletionSource<TAnswer> waiting in _waiting.Values)
        {
            waiting.TrySetException(reason);
        }
    }
}
