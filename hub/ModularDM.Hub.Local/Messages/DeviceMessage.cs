namespace ModularDM.Hub.Local.Messages;

/// <summary>One message that a device sent.</summary>
/// <param name="DeviceId">The sender.</param>
/// <param name="Sequence">Counts the device's messages from 1.</param>
/// <param name="Enqueued">When the hub took it.</param>
/// <param name="Properties">Its properties as a JSON object.</param>
/// <param name="Body">Its body.</param>
internal sealed record DeviceMessage(string DeviceId, long Sequence, DateTimeOffset Enqueued, byte[] Properties, byte[] Body);
