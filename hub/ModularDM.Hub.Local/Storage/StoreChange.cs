namespace ModularDM.Hub.Local.Storage;

/// <summary>One thing to write, as its area knows how to. The writer keeps the order in which changes were queued.</summary>
internal abstract record StoreChange
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the change is on disk, or fails when it cannot be.</summary>
    public Task Done => done.Task;

    /// <summary>Writes the change into the open transaction; on the writing thread.</summary>
    public abstract void Write(StoreWriter writer);

    public void Complete() => done.TrySetResult();

    public void Fail(Exception cause)
    {
        done.TrySetException(cause);
        _ = done.Task.Exception; // Nobody waits for some changes; their failure shows in the store's own state.
    }
}
