using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModularDM.Hub.Protocol;

/// <summary>
/// A shared access signature: <c>SharedAccessSignature sr={resource}&amp;sig={signature}&amp;se={expiry}[&amp;skn={policy}]</c>, whose signature is the
/// HMAC-SHA256 of the escaped resource as it stands in the token, a line feed, and the expiry.
/// </summary>
public sealed class SasToken
{
    private const string Scheme = "SharedAccessSignature ";
    private readonly string signedText;
    private readonly byte[] signature;

    private SasToken(string rawResource, string rawExpiry, byte[] signature, DateTimeOffset expiry, string? policyName)
    {
        signedText = rawResource + "\n" + rawExpiry;
        this.signature = signature;
        Resource = Uri.UnescapeDataString(rawResource);
        Expiry = expiry;
        PolicyName = policyName;
    }

    /// <summary>How far a token may be past its expiry, for clocks that differ.</summary>
    public static TimeSpan ClockSkew { get; } = TimeSpan.FromMinutes(5);

    /// <summary>What the token opens, unescaped once, such as <c>contoso.example.com/devices/thermostat</c>.</summary>
    public string Resource { get; }

    /// <summary>When it ends.</summary>
    public DateTimeOffset Expiry { get; }

    /// <summary>The hub policy whose key signed it; none for a device's own key.</summary>
    public string? PolicyName { get; }

    /// <summary>Makes a token.</summary>
    /// <param name="resource">What it opens, unescaped: <c>{hub}</c>, <c>{hub}/devices/{device}</c> or <c>{hub}/devices/{device}/modules/{module}</c>.</param>
    /// <param name="key">The base64 key.</param>
    /// <param name="expiry">When it ends; fractions of a second are dropped.</param>
    /// <param name="policyName">The policy that the key belongs to, or <see langword="null"/> for a device's own key.</param>
    /// <exception cref="FormatException"><paramref name="key"/> is not base64.</exception>
    public static string Create(string resource, string key, DateTimeOffset expiry, string? policyName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(resource);
        ArgumentException.ThrowIfNullOrEmpty(key);
        string escaped = Uri.EscapeDataString(resource);
        string seconds = expiry.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string signature = Convert.ToBase64String(Sign(escaped + "\n" + seconds, Convert.FromBase64String(key)));
        string policy = policyName is null ? "" : "&skn=" + Uri.EscapeDataString(policyName);
        return $"{Scheme}sr={escaped}&sig={Uri.EscapeDataString(signature)}&se={seconds}{policy}";
    }

    /// <summary>The resource of a device, for <see cref="Create"/>.</summary>
    public static string DeviceResource(string hostName, string deviceId) => $"{hostName}/devices/{Uri.EscapeDataString(deviceId)}";

    /// <summary>The resource of a module, for <see cref="Create"/>.</summary>
    public static string ModuleResource(string hostName, string deviceId, string moduleId) => $"{DeviceResource(hostName, deviceId)}/modules/{Uri.EscapeDataString(moduleId)}";

    /// <summary>Reads a token; fields may come in any order. On failure <paramref name="error"/> says what is wrong without showing any value.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SasToken? token, [NotNullWhen(false)] out string? error)
    {
        token = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            error = "The token does not start with 'SharedAccessSignature '.";
            return false;
        }

        string? sr = null, sig = null, se = null, skn = null;
        foreach (string field in text[Scheme.Length..].Split('&'))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? field : field[..equals].Trim();
            string value = equals < 0 ? "" : field[(equals + 1)..];
            bool first;
            switch (name)
            {
                case "sr":
                    first = sr is null;
                    sr = value;
                    break;
                case "sig":
                    first = sig is null;
                    sig = value;
                    break;
                case "se":
                    first = se is null;
                    se = value;
                    break;
                case "skn":
                    first = skn is null;
                    skn = value;
                    break;
                default:
                    error = "The token holds an unknown field.";
                    return false;
            }

            if (!first)
            {
                error = $"The token holds '{name}' twice.";
                return false;
            }
        }

        if (string.IsNullOrEmpty(sr) || string.IsNullOrEmpty(sig) || string.IsNullOrEmpty(se))
        {
            error = "The token needs 'sr', 'sig' and 'se'.";
            return false;
        }

        if (!long.TryParse(se, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            error = "The token's 'se' is not a number of seconds.";
            return false;
        }

        byte[] signature = new byte[(sig.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(Uri.UnescapeDataString(sig), signature, out int length))
        {
            error = "The token's 'sig' is not base64.";
            return false;
        }

        string? policy = string.IsNullOrEmpty(skn) ? null : Uri.UnescapeDataString(skn);
        token = new SasToken(sr, se, signature[..length], DateTimeOffset.FromUnixTimeSeconds(seconds), policy);
        error = null;
        return true;
    }

    /// <summary>
    /// Whether the token opens <paramref name="audience"/>: its resource equals it or is one of its parents, by whole segments and without regard to case.
    /// </summary>
    /// <param name="audience">What is to be opened, unescaped. Segments of the token may be escaped once more, as one of the common device SDKs does.</param>
    public bool Covers(string audience)
    {
        ArgumentNullException.ThrowIfNull(audience);
        string[] wanted = audience.Split('/');
        string[] granted = Resource.TrimEnd('/').Split('/');
        if (granted.Length > wanted.Length)
        {
            return false;
        }

        for (int i = 0; i < granted.Length; i++)
        {
            if (!granted[i].Equals(wanted[i], StringComparison.OrdinalIgnoreCase)
                && !Uri.UnescapeDataString(granted[i]).Equals(wanted[i], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether <paramref name="key"/> signed the token.</summary>
    /// <param name="key">The key's bytes, not base64.</param>
    public bool IsSignedWith(ReadOnlySpan<byte> key) => CryptographicOperations.FixedTimeEquals(Sign(signedText, key), signature);

    /// <summary>Whether the token has ended, <see cref="ClockSkew"/> allowed.</summary>
    /// <param name="now">The current time.</param>
    public bool IsExpired(DateTimeOffset now) => now > Expiry + ClockSkew;

    internal static bool IsKey(string key) => key.Length > 0 && Convert.TryFromBase64String(key, new byte[(key.Length * 3 / 4) + 3], out int length) && length > 0;

    private static byte[] Sign(string text, ReadOnlySpan<byte> key) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
