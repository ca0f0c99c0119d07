namespace ModularDM.Hosting.Hub;

/// <summary>Holds the one handler that wants cloud-to-device messages, whether it comes before the connection or long after.</summary>
internal sealed class CloudMessageHandler
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _wanted = NewSignal();

    /// <summary>The handler; null while nobody wants messages.</summary>
    public Func<CloudMessage, CancellationToken, Task>? Current { get; private set; }

    /// <summary>Ends when there is a handler.</summary>
    public Task Wanted
    {
        get
        {
            lock (_gate)
            {
                return _wanted.Task;
            }
        }
    }

    /// <summary>Sets the handler.</summary>
    /// <returns>Dispose it to want no more messages.</returns>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public IDisposable Set(Func<CloudMessage, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate)
        {
            Current = Current is null ? handler : throw new InvalidOperationException("Cloud-to-device messages have a handler already; dispose that one first.");
            _wanted.TrySetResult();
            return new Registration(this, handler);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Clear(Func<CloudMessage, CancellationToken, Task> handler)
    {
        lock (_gate)
        {
            if (Current == handler)
            {
                Current = null;
                _wanted = NewSignal();
            }
        }
    }

    private sealed class Registration(CloudMessageHandler owner, Func<CloudMessage, CancellationToken, Task> handler) : IDisposable
    {
        public void Dispose() => owner.Clear(handler);
    }
}
