namespace ModularDM.Hub.Local.Registry;

/// <summary>All devices and all modules at one moment, each in order of their ids.</summary>
/// <param name="Membership">How often a device or module had come or gone before.</param>
/// <param name="Devices">The devices.</param>
/// <param name="Modules">The modules.</param>
internal sealed record OrderedDevices(long Membership, Device[] Devices, Device[] Modules)
{
    public static OrderedDevices Of(IEnumerable<Device> all, long membership)
    {
        ILookup<bool, Device> byKind = all.ToLookup(d => d.Identity.ModuleId is null);
        return new OrderedDevices(membership, InOrder(byKind[true]), InOrder(byKind[false]));
    }

    private static Device[] InOrder(IEnumerable<Device> devices)
    {
        Device[] all = [.. devices];
        Array.Sort(all, static (one, other) => string.CompareOrdinal(one.Id, other.Id));
        return all;
    }
}
