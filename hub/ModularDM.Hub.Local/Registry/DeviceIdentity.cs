using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModularDM.Hub.Local.Registry;

/// <summary>Who a device, or a module of one, is, as the registry holds it. Immutable: a change is a new one.</summary>
internal sealed record DeviceIdentity(
    string DeviceId,
    string? ModuleId,
    string GenerationId,
    long ETag,
    bool Enabled,
    string? StatusReason,
    DateTimeOffset StatusUpdated,
    DeviceAuthentication Authentication,
    string? ManagedBy = null)
{
    /// <summary>What ids and names are made of.</summary>
    public static readonly System.Buffers.SearchValues<char> IdCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:.+%_#*?!(),=@$';");

    private string? id;

    /// <summary>The MQTT client id, and the key of everything kept of it: the device's id, and for a module a slash and the module's.</summary>
    public string Id => id ??= ModuleId is null ? DeviceId : $"{DeviceId}/{ModuleId}";

    /// <summary>An enabled device with keys of its own.</summary>
    public static DeviceIdentity New(string deviceId, DateTimeOffset now, string? moduleId = null) =>
        new(deviceId, moduleId, now.UtcTicks.ToString(CultureInfo.InvariantCulture), 1, Enabled: true, null, now, DeviceAuthentication.Sas(NewKey(), NewKey()));

    public static bool IsValidId(string id) => id.Length is > 0 and <= 128 && !id.AsSpan().ContainsAnyExcept(IdCharacters);

    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Id = ").Append(Id);
        return true;
    }
}
