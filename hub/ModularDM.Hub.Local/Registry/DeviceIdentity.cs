using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModularDM.Hub.Local.Registry;

/// <summary>Who a device is, as the registry holds it. Immutable: a change is a new one.</summary>
internal sealed record DeviceIdentity(
    string DeviceId,
    string GenerationId,
    long ETag,
    bool Enabled,
    string? StatusReason,
    DateTimeOffset StatusUpdated,
    string PrimaryKey,
    string SecondaryKey)
{
    private static readonly System.Buffers.SearchValues<char> Allowed =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:.+%_#*?!(),=@$';");

    private byte[][]? keys;

    /// <summary>Both keys' bytes.</summary>
    public IReadOnlyList<byte[]> Keys => keys ??= [Convert.FromBase64String(PrimaryKey), Convert.FromBase64String(SecondaryKey)];

    /// <summary>An enabled device with keys of its own.</summary>
    public static DeviceIdentity New(string id, DateTimeOffset now) =>
        new(id, now.UtcTicks.ToString(CultureInfo.InvariantCulture), 1, Enabled: true, null, now, NewKey(), NewKey());

    public static bool IsValidId(string id) => id.Length is > 0 and <= 128 && !id.AsSpan().ContainsAnyExcept(Allowed);

    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    // A record would print its keys.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("DeviceId = ").Append(DeviceId);
        return true;
    }
}
