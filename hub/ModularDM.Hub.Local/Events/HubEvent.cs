namespace ModularDM.Hub.Local.Events;

/// <summary>Something that happened in the hub.</summary>
/// <param name="Sequence">Its number in this run of the hub, from 1 without a gap.</param>
/// <param name="Time">When.</param>
/// <param name="Type">One of <see cref="HubEventTypes"/>.</param>
/// <param name="DeviceId">The device or module that it is about.</param>
/// <param name="Data">All of it, as JSON.</param>
internal sealed record HubEvent(long Sequence, DateTimeOffset Time, string Type, string DeviceId, byte[] Data);

/// <summary>The names of events. They are for good once released.</summary>
internal static class HubEventTypes
{
    public const string TwinChanged = "twinChanged";
    public const string Connected = "connected";
    public const string Disconnected = "disconnected";
    public const string DeviceCreated = "deviceCreated";
    public const string DeviceChanged = "deviceChanged";
    public const string DeviceRemoved = "deviceRemoved";
    public const string MessageArrived = "messageArrived";
    public const string MethodInvoked = "methodInvoked";

    public static IReadOnlyList<string> All { get; } =
        [TwinChanged, Connected, Disconnected, DeviceCreated, DeviceChanged, DeviceRemoved, MessageArrived, MethodInvoked];
}
