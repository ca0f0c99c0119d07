using System.Text.Json;
using ModularDM.Hub.Local.Registry;

namespace ModularDM.Hub.Local.Rest;

/// <summary>The <c>authentication</c> of a request: a type, and two keys or two thumbprints; what it leaves out stays as it is.</summary>
internal sealed record AuthenticationRequest(AuthenticationType? Type, string? PrimaryKey, string? SecondaryKey, string? PrimaryThumbprint, string? SecondaryThumbprint)
{
    /// <summary>Reads the member <c>authentication</c>, if <paramref name="json"/> has it.</summary>
    /// <exception cref="HubRefusalException">It is not one.</exception>
    public static AuthenticationRequest Parse(JsonElement json)
    {
        if (json.Object("authentication") is not { } authentication)
        {
            return new AuthenticationRequest(null, null, null, null, null);
        }

        AuthenticationType? type = null;
        if (authentication.Text("type") is { } name)
        {
            type = DeviceAuthentication.TryReadType(name, out AuthenticationType read)
                ? read
                : throw HubRefusalException.Invalid($"'authentication.type' must be one of {DeviceAuthentication.TypeNames}.");
        }

        JsonElement? keys = authentication.Object("symmetricKey");
        JsonElement? thumbprints = authentication.Object("x509Thumbprint");
        var request = new AuthenticationRequest(
            type, Key(keys, "primaryKey"), Key(keys, "secondaryKey"), Thumbprint(thumbprints, "primaryThumbprint"), Thumbprint(thumbprints, "secondaryThumbprint"));
        return request.Typed();
    }

    /// <exception cref="HubRefusalException">Thumbprints are needed and neither here nor there before.</exception>
    public DeviceAuthentication ApplyTo(DeviceAuthentication before) => (Type ?? before.Type) switch
    {
        AuthenticationType.Sas => DeviceAuthentication.Sas(
            PrimaryKey ?? before.PrimaryKey ?? DeviceIdentity.NewKey(),
            SecondaryKey ?? before.SecondaryKey ?? DeviceIdentity.NewKey()),
        AuthenticationType.SelfSigned => SelfSigned(before),
        AuthenticationType.CertificateAuthority => DeviceAuthentication.CertificateAuthority(),
        _ => DeviceAuthentication.None(),
    };

    public override string ToString() => nameof(AuthenticationRequest);

    // Older clients name no type and mean the one whose member they fill.
    private AuthenticationRequest Typed()
    {
        bool keys = PrimaryKey is not null || SecondaryKey is not null;
        bool thumbprints = PrimaryThumbprint is not null || SecondaryThumbprint is not null;
        AuthenticationType? meant = (keys, thumbprints) switch
        {
            (true, true) => throw HubRefusalException.Invalid("'authentication' has both keys and thumbprints; give those of its 'type' alone."),
            (true, false) => AuthenticationType.Sas,
            (false, true) => AuthenticationType.SelfSigned,
            _ => null,
        };
        return meant is not null && Type is not null && meant != Type
            ? throw HubRefusalException.Invalid(keys
                ? "'authentication.symmetricKey' needs the type 'sas'."
                : "'authentication.x509Thumbprint' needs the type 'selfSigned'.")
            : this with { Type = Type ?? meant };
    }

    private DeviceAuthentication SelfSigned(DeviceAuthentication before)
    {
        string? primary = PrimaryThumbprint ?? before.PrimaryThumbprint;
        string? secondary = SecondaryThumbprint ?? before.SecondaryThumbprint;
        return primary is null && secondary is null
            ? throw HubRefusalException.Invalid("The type 'selfSigned' needs 'authentication.x509Thumbprint' with a 'primaryThumbprint' or 'secondaryThumbprint'.")
            : DeviceAuthentication.SelfSigned(primary, secondary);
    }

    private static string? Thumbprint(JsonElement? thumbprints, string member)
    {
        if (thumbprints?.Text(member) is not { Length: > 0 } text)
        {
            return null;
        }

        return DeviceAuthentication.TryReadThumbprint(text, out string thumbprint)
            ? thumbprint
            : throw HubRefusalException.Invalid($"'{member}' must be the SHA-1 (40 digits) or SHA-256 (64 digits) of a certificate in hexadecimal.");
    }

    private static string? Key(JsonElement? keys, string member)
    {
        if (keys?.Text(member) is not { Length: > 0 } key)
        {
            return null;
        }

        byte[] bytes = new byte[(key.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(key, bytes, out int length) && length is >= 16 and <= 64
            ? key
            : throw HubRefusalException.Invalid($"'{member}' must be the base64 of 16 to 64 bytes.");
    }
}
