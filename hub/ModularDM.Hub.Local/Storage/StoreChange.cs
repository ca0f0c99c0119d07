using ModularDM.Hub.Local.Messages;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Storage;

/// <summary>One thing to write. The writer keeps the order in which changes were queued.</summary>
internal abstract record StoreChange
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the change is on disk, or fails when it cannot be.</summary>
    public Task Done => done.Task;

    public void Complete() => done.TrySetResult();

    public void Fail(Exception cause)
    {
        done.TrySetException(cause);
        _ = done.Task.Exception; // Nobody waits for some changes; their failure shows in the store's own state.
    }

    public sealed record SaveDevice(DeviceIdentity Identity) : StoreChange;

    public sealed record SaveTwin(string DeviceId, Twin Twin, bool Service, bool Reported) : StoreChange;

    public sealed record RemoveDevice(string DeviceId) : StoreChange;

    public sealed record AppendMessage(DeviceMessage Message, long KeepAfter) : StoreChange;

    public sealed record SaveSetting(string Name, string Value) : StoreChange;
}
