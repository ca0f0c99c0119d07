using System.Collections.Concurrent;
using System.Text.Json;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Registry;

/// <summary>All devices, in memory in front of the store. Every change is queued under the device's gate and answered once it is on disk.</summary>
internal sealed class DeviceRegistry
{
    private readonly ConcurrentDictionary<string, Device> devices = new(StringComparer.Ordinal);
    private readonly HubStore store;
    private readonly TimeProvider time;

    public DeviceRegistry(HubStore store, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        foreach (Device device in store.ReadDevices())
        {
            devices[device.Id] = device;
        }
    }

    /// <summary>Called with a device whose link must go: it was disabled or removed.</summary>
    public event Action<Device>? Expelled;

    /// <summary>Called with new desired properties' patch and version.</summary>
    public event Action<Device, JsonElement, long>? DesiredChanged;

    /// <summary>Called with each change of a section of a twin, in the order of its versions.</summary>
    public event Action<Device, TwinSectionChange>? TwinChanged;

    /// <summary>Called with a device that is new.</summary>
    public event Action<Device>? Created;

    /// <summary>Called with a device whose identity is another.</summary>
    public event Action<Device>? Updated;

    /// <summary>Called with a device that is gone.</summary>
    public event Action<Device>? Removed;

    /// <summary>Every device and every module.</summary>
    public IEnumerable<Device> All => devices.Values;

    public IEnumerable<Device> Devices => devices.Values.Where(d => d.Identity.ModuleId is null);

    public IEnumerable<Device> Modules => devices.Values.Where(d => d.Identity.ModuleId is not null);

    /// <summary>A device by its id, or a module by its device's id, a slash and its own.</summary>
    public Device? Find(string id) => devices.GetValueOrDefault(id);

    /// <exception cref="HubRefusalException">There is no such device.</exception>
    public Device Get(string id) => Find(id) ?? throw HubRefusalException.DeviceNotFound(id);

    /// <exception cref="HubRefusalException">The device exists.</exception>
    public async Task<Device> CreateAsync(DeviceIdentity identity)
    {
        var device = new Device(identity, TwinChange.New(time.GetUtcNow()), 0);
        StoreChange twin;
        lock (device.Gate)
        {
            if (!devices.TryAdd(identity.Id, device))
            {
                throw HubRefusalException.DeviceExists(identity.Id);
            }

            try
            {
                store.Enqueue(new RegistryStore.SaveIdentity(identity));
                store.Enqueue(twin = new RegistryStore.SaveTwin(identity.Id, device.Twin, Service: true, Device: true));
            }
            catch (HubRefusalException)
            {
                devices.TryRemove(identity.Id, out _);
                throw;
            }
        }

        await twin.Done;
        Created?.Invoke(device);
        return device;
    }

    /// <exception cref="HubRefusalException">The ETag differs or the device is gone.</exception>
    public async Task<DeviceIdentity> UpdateAsync(Device device, string ifMatch, Func<DeviceIdentity, DeviceIdentity> change)
    {
        StoreChange save;
        DeviceIdentity after;
        lock (device.Gate)
        {
            DeviceIdentity before = Present(device).Identity;
            if (!ETags.Matches(ifMatch, before.ETag))
            {
                throw HubRefusalException.ETagMismatch();
            }

            after = change(before) with { ETag = before.ETag + 1 };
            after = after.Enabled == before.Enabled ? after : after with { StatusUpdated = time.GetUtcNow() };
            store.Enqueue(save = new RegistryStore.SaveIdentity(after));
            device.Identity = after;
        }

        await save.Done;
        Updated?.Invoke(device);
        if (!after.Enabled)
        {
            Expelled?.Invoke(device);
        }

        return after;
    }

    /// <exception cref="HubRefusalException">The ETag differs or the device is gone.</exception>
    public async Task RemoveAsync(Device device, string ifMatch)
    {
        StoreChange remove;
        lock (device.Gate)
        {
            if (!ETags.Matches(ifMatch, Present(device).Identity.ETag))
            {
                throw HubRefusalException.ETagMismatch();
            }

            store.Enqueue(remove = new RegistryStore.Remove(device.Id));
            device.Removed = true;
            devices.TryRemove(device.Id, out _);
        }

        await remove.Done;
        Removed?.Invoke(device);
        Expelled?.Invoke(device);
    }

    /// <summary>Changes tags and desired properties on behalf of a service.</summary>
    /// <exception cref="HubRefusalException">The ETag differs, a limit is broken, or the device is gone.</exception>
    public async Task<Twin> ChangeTwinAsync(Device device, string? ifMatch, JsonElement? tags, JsonElement? desired, bool replace)
    {
        StoreChange save;
        Twin after;
        lock (device.Gate)
        {
            Twin before = Present(device).Twin;
            if (ifMatch is not null && !ETags.Matches(ifMatch, before.ETag))
            {
                throw HubRefusalException.ETagMismatch();
            }

            DateTimeOffset now = time.GetUtcNow();
            after = replace ? TwinChange.ReplaceService(before, tags, desired, now) : TwinChange.PatchService(before, tags, desired, now);
            store.Enqueue(save = new RegistryStore.SaveTwin(device.Id, after, Service: desired is not null, Device: false));
            device.Twin = after;

            // Under the gate, so that devices see versions in order; a crash before the commit costs them one GET after the reconnect that it also causes.
            if (desired is { } patch)
            {
                DesiredChanged?.Invoke(device, patch, after.Desired.Version);
                TwinChanged?.Invoke(device, new TwinSectionChange(TwinSectionChange.Desired, patch, after.Desired.Version, replace));
            }

            if (tags is { } tagPatch)
            {
                TwinChanged?.Invoke(device, new TwinSectionChange(TwinSectionChange.Tags, tagPatch, null, replace));
            }
        }

        await save.Done;
        return after;
    }

    /// <summary>Merges a device's own patch.</summary>
    /// <returns>The new version of the reported properties.</returns>
    /// <exception cref="HubRefusalException">A limit is broken or the device is gone.</exception>
    public async Task<long> ReportAsync(Device device, JsonElement patch)
    {
        StoreChange save;
        Twin after;
        lock (device.Gate)
        {
            after = TwinChange.PatchReported(Present(device).Twin, patch, time.GetUtcNow());
            store.Enqueue(save = new RegistryStore.SaveTwin(device.Id, after, Service: false, Device: true));
            device.Twin = after;
            TwinChanged?.Invoke(device, new TwinSectionChange(TwinSectionChange.Reported, patch, after.Reported.Version, Replaced: false));
        }

        await save.Done;
        return after.Reported.Version;
    }

    private static Device Present(Device device) => device.Removed ? throw HubRefusalException.DeviceNotFound(device.Id) : device;
}
