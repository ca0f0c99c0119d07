using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Rest;

/// <summary>One entry of a bulk request: whose, and what is to happen.</summary>
internal sealed class BulkEntry
{
    private static readonly string[] Modes =
    [
        "create", "createOrUpdate", "update", "updateIfMatchETag", "createOrUpdateIfMatchETag", "delete", "deleteIfMatchETag", "updateTwin", "updateTwinIfMatchETag",
    ];

    private readonly JsonElement json;

    private BulkEntry(JsonElement json, string deviceId, string? moduleId, string mode) => (this.json, DeviceId, ModuleId, Mode) = (json, deviceId, moduleId, mode);

    public string DeviceId { get; }

    public string? ModuleId { get; }

    public string Mode { get; }

    /// <exception cref="HubRefusalException">Nobody can be told which device failed: the whole request is refused.</exception>
    public static BulkEntry Parse(JsonElement json, int at)
    {
        if (json.ValueKind != JsonValueKind.Object || (json.Text("id") ?? json.Text("deviceId")) is not { } id)
        {
            throw HubRefusalException.Invalid($"Entry {at} must be a JSON object with an 'id'.");
        }

        string mode = json.Text("importMode") ?? "createOrUpdate";
        return new BulkEntry(
            json,
            id,
            json.Text("moduleId"),
            Modes.FirstOrDefault(m => m.Equals(mode, StringComparison.OrdinalIgnoreCase))
                ?? throw HubRefusalException.Invalid($"Entry {at}: 'importMode' must be one of {string.Join(", ", Modes)}."));
    }

    /// <exception cref="HubRefusalException">The entry cannot be done; nothing of it was.</exception>
    public async Task ApplyAsync(DeviceRegistry registry, DateTimeOffset now)
    {
        string key = ModuleId is null ? DeviceId : $"{DeviceId}/{ModuleId}";
        switch (Mode)
        {
            case "create":
                await CreateAsync(registry, now);
                break;
            case "createOrUpdate" or "createOrUpdateIfMatchETag" when registry.Find(key) is null:
                await CreateAsync(registry, now);
                break;
            case "delete" or "deleteIfMatchETag":
                await registry.RemoveAsync(Existing(registry), Match("eTag"));
                break;
            case "updateTwin" or "updateTwinIfMatchETag":
                ServiceTwinChange change = Twin(replace: false) ?? throw HubRefusalException.Invalid("The entry has neither 'tags' nor 'properties.desired'.");
                await registry.ChangeTwinAsync(Existing(registry), Match("twinETag"), change.Tags, change.Desired, replace: false);
                break;
            default:
                await registry.UpdateAsync(Existing(registry), Match("eTag"), IdentityRequest.Parse(json, ModuleId is not null).ApplyTo, Twin(replace: true));
                break;
        }
    }

    private async Task CreateAsync(DeviceRegistry registry, DateTimeOffset now)
    {
        if (!DeviceIdentity.IsValidId(DeviceId) || !(ModuleId is null || DeviceIdentity.IsValidId(ModuleId)))
        {
            throw HubRefusalException.Invalid("The id is empty, longer than 128 characters, or holds a character that it may not.");
        }

        IdentityRequest request = IdentityRequest.Parse(json, ModuleId is not null);
        await registry.CreateAsync(request.ApplyTo(DeviceIdentity.New(DeviceId, now, ModuleId)), Twin(replace: true));
    }

    private Device Existing(DeviceRegistry registry) => registry.Get(DeviceId, ModuleId);

    private string Match(string member)
    {
        if (!Mode.EndsWith("IfMatchETag", StringComparison.Ordinal))
        {
            return "*";
        }

        return json.Text(member) ?? json.Text(member.ToLowerInvariant())
            ?? throw new HubRefusalException(HubErrorCodes.PreconditionFailed, $"The mode '{Mode}' needs '{member}'.");
    }

    private ServiceTwinChange? Twin(bool replace)
    {
        JsonElement? tags = json.Object("tags");
        JsonElement? desired = json.Object("properties")?.Object("desired");
        return tags is null && desired is null ? null : new ServiceTwinChange(tags, desired, replace);
    }
}
