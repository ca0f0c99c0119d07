using System.Collections.Immutable;
using ModularDM.Hub.Local.CloudToDevice;
using ModularDM.Hub.Local.Configurations;
using ModularDM.Hub.Local.Devices;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Registry;

/// <summary>A device, or a module of one, in memory. Its identity and twin are replaced whole, under <see cref="Gate"/>, in the order in which they go to the store.</summary>
internal sealed class Device(DeviceIdentity identity, Twin twin, long lastMessage)
{
    private volatile DeviceIdentity identity = identity;
    private volatile Twin twin = twin;
    private volatile DeviceConnection? connection;
    private volatile ImmutableDictionary<string, Device> modules = ImmutableDictionary<string, Device>.Empty;
    private volatile ConfigurationState? configured;
    private int methodsWaiting;
    private TaskCompletionSource online = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Lock Gate { get; } = new();

    /// <inheritdoc cref="DeviceIdentity.Id"/>
    public string Id => identity.Id;

    public DeviceIdentity Identity
    {
        get => identity;
        set => identity = value;
    }

    public Twin Twin
    {
        get => twin;
        set => twin = value;
    }

    /// <summary>The live link, if there is one.</summary>
    public DeviceConnection? Connection
    {
        get => connection;
        set => connection = value;
    }

    /// <summary>What configurations did to the twin; <see langword="null"/> when none targets it.</summary>
    public ConfigurationState? Configured
    {
        get => configured;
        set => configured = value;
    }

    /// <summary>The messages that wait for the device.</summary>
    public CloudQueue CloudQueue { get; } = new();

    public long LastMessage { get; set; } = lastMessage;

    public DateTimeOffset LastActivity { get; set; }

    public DateTimeOffset ConnectionStateUpdated { get; set; }

    /// <summary>The digital-twin model that the device named when it last connected.</summary>
    public string? ModelId { get; set; }

    public bool Removed { get; set; }

    /// <summary>A device's modules by their ids; replaced whole under <see cref="Gate"/>.</summary>
    public ImmutableDictionary<string, Device> Modules
    {
        get => modules;
        set => modules = value;
    }

    /// <summary>Ends when the device next becomes able to take methods.</summary>
    public Task Online => Volatile.Read(ref online).Task;

    public void SignalOnline() =>
        Interlocked.Exchange(ref online, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Counts one more waiting method, if fewer than <paramref name="limit"/> wait.</summary>
    public bool TryEnterMethod(int limit)
    {
        if (Interlocked.Increment(ref methodsWaiting) <= limit)
        {
            return true;
        }

        LeaveMethod();
        return false;
    }

    public void LeaveMethod() => Interlocked.Decrement(ref methodsWaiting);
}
