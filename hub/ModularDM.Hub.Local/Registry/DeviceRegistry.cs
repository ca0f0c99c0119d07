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
    private readonly bool replaceMarksRemoved;
    private volatile OrderedDevices? ordered;
    private long membership;

    public DeviceRegistry(HubStore store, TimeProvider time, bool replaceMarksRemoved = false)
    {
        this.store = store;
        this.time = time;
        this.replaceMarksRemoved = replaceMarksRemoved;
        foreach (Device device in store.ReadDevices())
        {
            devices[device.Id] = device;
        }

        foreach (Device module in Modules)
        {
            if (Find(module.Identity.DeviceId) is { } device)
            {
                device.Modules = device.Modules.Add(module.Identity.ModuleId!, module);
            }
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

    /// <summary>The devices, in order of their ids.</summary>
    public IReadOnlyList<Device> Devices => Ordered.Devices;

    /// <summary>The modules, in order of their ids.</summary>
    public IReadOnlyList<Device> Modules => Ordered.Modules;

    /// <summary>A device by its id, or a module by its device's id, a slash and its own.</summary>
    public Device? Find(string id) => devices.GetValueOrDefault(id);

    /// <summary>A device by its id.</summary>
    /// <exception cref="HubRefusalException">There is no such device.</exception>
    public Device Get(string id) => Find(id) ?? throw HubRefusalException.DeviceNotFound(id);

    /// <exception cref="HubRefusalException">There is no such device, or it has no such module.</exception>
    public Device Get(string deviceId, string? moduleId) => moduleId is null
        ? Get(deviceId)
        : Get(deviceId).Modules.GetValueOrDefault(moduleId) ?? throw HubRefusalException.ModuleNotFound(deviceId, moduleId);

    /// <summary>Whether a device is registered and enabled; a module, whether its device is, too.</summary>
    public bool MayConnect(Device device) =>
        !device.Removed && device.Identity.Enabled && (device.Identity.ModuleId is null || Find(device.Identity.DeviceId) is { Removed: false, Identity.Enabled: true });

    /// <summary>Creates a device, or a module of one.</summary>
    /// <exception cref="HubRefusalException">It exists, its device does not, there are too many, or its twin breaks a limit.</exception>
    public async Task<Device> CreateAsync(DeviceIdentity identity, ServiceTwinChange? twin = null)
    {
        Twin first = TwinChange.New(time.GetUtcNow());
        var device = new Device(identity, twin?.ApplyTo(first, time.GetUtcNow()) ?? first, 0);
        StoreChange save = new StoreChanges(new RegistryStore.SaveIdentity(identity), new RegistryStore.SaveTwin(identity.Id, device.Twin, Service: true, Device: true));
        if (identity.ModuleId is { } moduleId)
        {
            Device parent = Get(identity.DeviceId);
            lock (parent.Gate)
            {
                if (Present(parent).Modules.ContainsKey(moduleId))
                {
                    throw HubRefusalException.ModuleExists(identity.DeviceId, moduleId);
                }

                if (parent.Modules.Count >= HubChoices.MaxModules)
                {
                    throw HubRefusalException.TooManyModules(identity.DeviceId);
                }

                store.Enqueue(save);
                parent.Modules = parent.Modules.Add(moduleId, device);
                devices[identity.Id] = device;
                Interlocked.Increment(ref membership);
            }
        }
        else
        {
            lock (device.Gate)
            {
                if (!devices.TryAdd(identity.Id, device))
                {
                    throw HubRefusalException.DeviceExists(identity.Id);
                }

                Interlocked.Increment(ref membership);

                try
                {
                    store.Enqueue(save);
                }
                catch (HubRefusalException)
                {
                    Forget(device);
                    throw;
                }
            }
        }

        await save.Done;
        Created?.Invoke(device);
        return device;
    }

    /// <summary>Changes an identity, and with it the twin if asked to: both or neither.</summary>
    /// <exception cref="HubRefusalException">The ETag differs, the twin breaks a limit, or the device is gone.</exception>
    public async Task<DeviceIdentity> UpdateAsync(Device device, string ifMatch, Func<DeviceIdentity, DeviceIdentity> change, ServiceTwinChange? twin = null)
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
            Twin was = device.Twin;
            Twin next = twin?.ApplyTo(was, time.GetUtcNow()) ?? was;
            save = new RegistryStore.SaveIdentity(after);
            if (twin is { } asked)
            {
                save = new StoreChanges(save, new RegistryStore.SaveTwin(device.Id, next, Service: asked.Desired is not null, Device: false));
            }

            store.Enqueue(save);
            device.Identity = after;
            device.Twin = next;
            if (twin is { } told)
            {
                Tell(device, told, was, next);
            }
        }

        await save.Done;
        Updated?.Invoke(device);
        if (!after.Enabled)
        {
            Expel(device);
        }

        return after;
    }

    /// <summary>Remembers the digital-twin model that a device names when it connects.</summary>
    public void SetModel(Device device, string? modelId)
    {
        lock (device.Gate)
        {
            if (!device.Removed && device.ModelId != modelId)
            {
                store.Enqueue(new RegistryStore.SaveModel(device.Id, modelId));
                device.ModelId = modelId;
            }
        }
    }

    /// <summary>Removes a device with its modules, or a module.</summary>
    /// <exception cref="HubRefusalException">The ETag differs or the device is gone.</exception>
    public async Task RemoveAsync(Device device, string ifMatch)
    {
        StoreChange remove;

        // A module is in its device's list, under that device's gate; the outer gate is always the device's.
        Device? parent = device.Identity.ModuleId is null ? null : Find(device.Identity.DeviceId);
        lock ((parent ?? device).Gate)
        {
            lock (device.Gate)
            {
                if (!ETags.Matches(ifMatch, Present(device).Identity.ETag))
                {
                    throw HubRefusalException.ETagMismatch();
                }

                store.Enqueue(remove = new StoreChanges([new RegistryStore.Remove(device.Id), .. device.Modules.Values.Select(m => new RegistryStore.Remove(m.Id))]));
                Forget(device);
                foreach (Device module in device.Modules.Values)
                {
                    lock (module.Gate)
                    {
                        Forget(module);
                    }
                }

                if (parent is not null)
                {
                    parent.Modules = parent.Modules.Remove(device.Identity.ModuleId!);
                }
            }
        }

        await remove.Done;
        Removed?.Invoke(device);
        Expel(device);
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

            var change = new ServiceTwinChange(tags, desired, replace);
            after = change.ApplyTo(before, time.GetUtcNow());
            store.Enqueue(save = new RegistryStore.SaveTwin(device.Id, after, Service: desired is not null, Device: false));
            device.Twin = after;

            Tell(device, change, before, after);
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

    // Under the gate, so that devices see versions in order; a crash before the commit costs them one GET after the reconnect that it also causes.
    private void Tell(Device device, ServiceTwinChange change, Twin before, Twin after)
    {
        if (change.Desired is { } desired)
        {
            TellDesired(device, desired, change.Replace, before, after);
            TwinChanged?.Invoke(device, new TwinSectionChange(TwinSectionChange.Desired, desired, after.Desired.Version, change.Replace));
        }

        if (change.Tags is { } tags)
        {
            TwinChanged?.Invoke(device, new TwinSectionChange(TwinSectionChange.Tags, tags, null, change.Replace));
        }
    }

    private void TellDesired(Device device, JsonElement patch, bool replace, Twin before, Twin after)
    {
        if (!replace || !replaceMarksRemoved)
        {
            DesiredChanged?.Invoke(device, patch, after.Desired.Version);
            return;
        }

        using JsonDocument marked = JsonDocument.Parse(TwinChange.WithRemoved(before.Desired.Body, after.Desired.Body));
        DesiredChanged?.Invoke(device, marked.RootElement, after.Desired.Version);
    }

    // Made anew by the first who asks after a device came or went. Who changes the membership counts after the change, so that what was read before it is never
    // taken for what is there now.
    private OrderedDevices Ordered
    {
        get
        {
            long now = Interlocked.Read(ref membership);
            if (ordered is not { } known || known.Membership != now)
            {
                ordered = known = OrderedDevices.Of(devices.Values, now);
            }

            return known;
        }
    }

    private void Forget(Device device)
    {
        device.Removed = true;
        devices.TryRemove(device.Id, out _);
        Interlocked.Increment(ref membership);
    }

    private void Expel(Device device)
    {
        Expelled?.Invoke(device);
        foreach (Device module in device.Modules.Values)
        {
            Expelled?.Invoke(module);
        }
    }

    private static Device Present(Device device) => device.Removed ? throw HubRefusalException.DeviceNotFound(device.Id) : device;
}
