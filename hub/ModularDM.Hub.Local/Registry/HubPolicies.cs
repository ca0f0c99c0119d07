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
    public byte[] KeyBytes { get; } = Convert.FromBase64String(Key);

    public override string ToString() => Name;
}

/// <summary>The five policies that every hub has and the provisioning service's, their keys made at first start.</summary>
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

    private readonly FrozenDictionary<string, HubPolicy> policies;

    private HubPolicies(IEnumerable<HubPolicy> policies) => this.policies = policies.ToFrozenDictionary(p => p.Name);

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

        await (last?.Done ?? Task.CompletedTask);
        return (new HubPolicies(loaded), !settings.ContainsKey("policy/iothubowner"));
    }
}
