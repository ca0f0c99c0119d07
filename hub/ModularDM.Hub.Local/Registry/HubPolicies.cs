using System.Collections.Frozen;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Registry;

/// <summary>What a policy may do.</summary>
[Flags]
internal enum HubPermissions
{
    None = 0,
    RegistryRead = 1,
    RegistryWrite = 2,
    ServiceConnect = 4,
    DeviceConnect = 8,

    /// <summary>All of the provisioning service's.</summary>
    Enrollments = 16,
}

/// <summary>One shared access policy of the hub.</summary>
internal sealed record HubPolicy(string Name, string Key, HubPermissions Permissions)
{
    public bool IsDefault => HubPolicies.IsDefault(Name);

    public byte[] KeyBytes { get; } = Convert.FromBase64String(Key);

    public override string ToString() => Name;
}

/// <summary>The five policies that every hub has and the provisioning service's, their keys made at first start, and those that an operator adds.</summary>
internal sealed class HubPolicies
{
    private static readonly FrozenDictionary<string, HubPermissions> Defaults = new Dictionary<string, HubPermissions>
    {
        ["iothubowner"] = HubPermissions.RegistryRead | HubPermissions.RegistryWrite | HubPermissions.ServiceConnect | HubPermissions.DeviceConnect,
        ["service"] = HubPermissions.ServiceConnect,
        ["device"] = HubPermissions.DeviceConnect,
        ["registryRead"] = HubPermissions.RegistryRead,
        ["registryReadWrite"] = HubPermissions.RegistryRead | HubPermissions.RegistryWrite,
        ["provisioningserviceowner"] = HubPermissions.Enrollments,
    }.ToFrozenDictionary();

    private const string CustomPrefix = "customPolicy/";
    private const int MaxPolicies = 16;
    private const int MaxServicePolicies = 10;
    private readonly Lock gate = new();
    private readonly HubStore store;
    private volatile FrozenDictionary<string, HubPolicy> policies;

    private HubPolicies(HubStore store, IEnumerable<HubPolicy> policies) => (this.store, this.policies) = (store, policies.ToFrozenDictionary(p => p.Name));

    public IEnumerable<HubPolicy> All => policies.Values;

    public HubPolicy this[string name] => policies[name];

    public HubPolicy? Find(string name) => policies.GetValueOrDefault(name);

    /// <summary>Loads the policies; on first start makes and stores their keys.</summary>
    public static async Task<(HubPolicies Policies, bool FirstStart)> LoadAsync(HubStore store)
    {
        Dictionary<string, string> settings = store.ReadSettings();
        var loaded = new List<HubPolicy>();
        StoreChange? last = null;
        foreach ((string name, HubPermissions permissions) in Defaults)
        {
            if (!settings.TryGetValue("policy/" + name, out string? key))
            {
                key = DeviceIdentity.NewKey();
                store.Enqueue(last = new SettingStore.Save("policy/" + name, key));
            }

            loaded.Add(new HubPolicy(name, key, permissions));
        }

        foreach ((string name, string key) in settings.Where(s => s.Key.StartsWith(CustomPrefix, StringComparison.Ordinal)))
        {
            (string permissions, string secret) = key.Split('/', 2) is [var first, var second] ? (first, second) : ("", key);
            loaded.Add(new HubPolicy(name[CustomPrefix.Length..], secret, Enum.Parse<HubPermissions>(permissions)));
        }

        await (last?.Done ?? Task.CompletedTask);
        return (new HubPolicies(store, loaded), !settings.ContainsKey("policy/iothubowner"));
    }

    public static bool IsDefault(string name) => Defaults.ContainsKey(name);

    /// <summary>Adds a policy, or gives one that was added other permissions or another key.</summary>
    /// <exception cref="HubRefusalException">It is one of the hub's own, its name is not one, or there are too many.</exception>
    public async Task SaveAsync(HubPolicy policy)
    {
        if (!DeviceIdentity.IsValidId(policy.Name) || policy.Name.Length > 64)
        {
            throw HubRefusalException.Invalid("The name of a policy is empty, longer than 64 characters, or holds a character that it may not.");
        }

        StoreChange save;
        lock (gate)
        {
            RefuseDefault(policy.Name);
            HubPolicy[] after = [.. policies.Values.Where(p => p.Name != policy.Name), policy];
            if (after.Count(p => p.Permissions != HubPermissions.Enrollments) > MaxPolicies || after.Count(p => p.Permissions.HasFlag(HubPermissions.ServiceConnect)) > MaxServicePolicies)
            {
                throw HubRefusalException.Invalid($"A hub has at most {MaxPolicies} policies, of which {MaxServicePolicies} may hold {HubPermissions.ServiceConnect}.");
            }

            store.Enqueue(save = new SettingStore.Save(CustomPrefix + policy.Name, $"{policy.Permissions}/{policy.Key}"));
            policies = after.ToFrozenDictionary(p => p.Name);
        }

        await save.Done;
    }

    /// <summary>Removes a policy that was added; its tokens open nothing from then on, while links that stand stay until their tokens end.</summary>
    /// <exception cref="HubRefusalException">It is one of the hub's own, or there is none.</exception>
    public async Task RemoveAsync(string name)
    {
        StoreChange remove;
        lock (gate)
        {
            RefuseDefault(name);
            if (!policies.ContainsKey(name))
            {
                throw new HubRefusalException(Protocol.HubErrorCodes.DeviceNotFound, $"There is no policy '{name}'.");
            }

            store.Enqueue(remove = new SettingStore.Remove(CustomPrefix + name));
            policies = policies.Values.Where(p => p.Name != name).ToFrozenDictionary(p => p.Name);
        }

        await remove.Done;
    }

    private static void RefuseDefault(string name)
    {
        if (IsDefault(name))
        {
            throw HubRefusalException.Invalid($"The policy '{name}' is the hub's own and stays as it is.");
        }
    }
}
