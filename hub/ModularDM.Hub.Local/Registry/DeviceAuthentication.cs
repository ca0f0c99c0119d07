namespace ModularDM.Hub.Local.Registry;

/// <summary>What a device or module authenticates with. Immutable, and made whole: a copy would keep the parsed keys of the first.</summary>
internal sealed class DeviceAuthentication
{
    private static readonly string[] Names = ["sas", "selfSigned", "certificateAuthority", "none"];
    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789ABCDEF");
    private byte[][]? keys;

    private DeviceAuthentication(AuthenticationType type, string? primary, string? secondary)
    {
        Type = type;
        (PrimaryKey, SecondaryKey) = type == AuthenticationType.Sas ? (primary, secondary) : default;
        (PrimaryThumbprint, SecondaryThumbprint) = type == AuthenticationType.SelfSigned ? (primary, secondary) : default;
    }

    public static string TypeNames => string.Join(", ", Names);

    public AuthenticationType Type { get; }

    /// <summary>The type as JSON names it.</summary>
    public string TypeName => Names[(int)Type];

    public string? PrimaryKey { get; }

    public string? SecondaryKey { get; }

    public string? PrimaryThumbprint { get; }

    public string? SecondaryThumbprint { get; }

    /// <summary>Both keys' bytes; none unless the type is <see cref="AuthenticationType.Sas"/>.</summary>
    public IReadOnlyList<byte[]> Keys => keys ??= Type == AuthenticationType.Sas ? [Convert.FromBase64String(PrimaryKey!), Convert.FromBase64String(SecondaryKey!)] : [];

    public static DeviceAuthentication Sas(string primaryKey, string secondaryKey) => new(AuthenticationType.Sas, primaryKey, secondaryKey);

    /// <param name="primary">As <see cref="TryReadThumbprint"/> gives it; at least one of the two is there.</param>
    /// <param name="secondary">As <paramref name="primary"/>.</param>
    public static DeviceAuthentication SelfSigned(string? primary, string? secondary) => new(AuthenticationType.SelfSigned, primary, secondary);

    public static DeviceAuthentication CertificateAuthority() => new(AuthenticationType.CertificateAuthority, null, null);

    public static DeviceAuthentication None() => new(AuthenticationType.None, null, null);

    public static bool TryReadType(string name, out AuthenticationType type)
    {
        type = (AuthenticationType)Array.IndexOf(Names, name);
        return type >= 0;
    }

    /// <summary>Reads the SHA-1 or SHA-256 of a certificate in hexadecimal: any case, colons and spaces between the digits as tools print them.</summary>
    public static bool TryReadThumbprint(string text, out string thumbprint)
    {
        thumbprint = text.Replace(":", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        return thumbprint.Length is 40 or 64 && !thumbprint.AsSpan().ContainsAnyExcept(HexDigits);
    }

    /// <summary>Reads what <see cref="ToRow"/> made.</summary>
    public static DeviceAuthentication FromRow(long type, string first, string second) => (AuthenticationType)type switch
    {
        AuthenticationType.Sas => Sas(first, second),
        AuthenticationType.SelfSigned => SelfSigned(first.Length > 0 ? first : null, second.Length > 0 ? second : null),
        var other => new DeviceAuthentication(other, null, null),
    };

    /// <summary>The type and two texts, empty for what is not there.</summary>
    public (long Type, string First, string Second) ToRow() => ((long)Type, PrimaryKey ?? PrimaryThumbprint ?? "", SecondaryKey ?? SecondaryThumbprint ?? "");

    public override string ToString() => TypeName;
}
