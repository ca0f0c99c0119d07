using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>A hub that devices may be assigned to.</summary>
/// <param name="HubName">Its host name.</param>
/// <param name="Address">What a device is told: the host name, with the port if that is not the standard one. Known once the hub listens.</param>
/// <param name="Registry">Where its devices are made.</param>
internal sealed record ProvisioningTarget(string HubName, Func<string> Address, DeviceRegistry Registry);
