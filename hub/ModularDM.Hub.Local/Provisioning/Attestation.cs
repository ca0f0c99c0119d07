using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>How devices of an enrolment prove themselves: two keys, certificates, or the names of authorities that are registered with the hub.</summary>
internal sealed record Attestation(string? PrimaryKey, string? SecondaryKey, IReadOnlyList<string> Certificates, IReadOnlyList<string> Authorities)
{
    public bool IsKeys => PrimaryKey is not null;

    /// <exception cref="HubRefusalException">It is none that this service knows.</exception>
    public static Attestation Parse(JsonElement enrollment, bool isGroup, Attestation? before)
    {
        JsonElement json = enrollment.Object("attestation") ?? throw HubRefusalException.Invalid("The enrolment needs an 'attestation'.");
        switch (json.Text("type"))
        {
            case "symmetricKey":
                JsonElement? keys = json.Object("symmetricKey");
                return new Attestation(
                    AuthenticationRequest.Key(keys, "primaryKey") ?? before?.PrimaryKey ?? DeviceIdentity.NewKey(),
                    AuthenticationRequest.Key(keys, "secondaryKey") ?? before?.SecondaryKey ?? DeviceIdentity.NewKey(),
                    [],
                    []);
            case "x509":
                JsonElement x509 = json.Object("x509") ?? throw HubRefusalException.Invalid("The type 'x509' needs 'attestation.x509'.");
                string member = isGroup ? "signingCertificates" : "clientCertificates";
                string[] certificates = [.. Both(x509.Object(member)).Select(Certificate)];
                string[] authorities = isGroup && x509.Object("caReferences") is { } names ? [.. new[] { names.Text("primary"), names.Text("secondary") }.OfType<string>()] : [];
                return certificates.Length + authorities.Length > 0
                    ? new Attestation(null, null, certificates, authorities)
                    : throw HubRefusalException.Invalid($"'attestation.x509' needs '{member}'{(isGroup ? " or 'caReferences'" : "")} with a 'primary'.");
            default:
                throw HubRefusalException.Invalid("'attestation.type' must be 'symmetricKey' or 'x509'; a TPM has no way over MQTT.");
        }
    }

    /// <summary>The keys of one device of a group: the HMAC-SHA256 of its registration id with the group's.</summary>
    public (string Primary, string Secondary) DeviceKeys(string registrationId, bool isGroup) =>
        isGroup ? (Derive(PrimaryKey!, registrationId), Derive(SecondaryKey!, registrationId)) : (PrimaryKey!, SecondaryKey!);

    /// <summary>Why a password does not attest; none when it does.</summary>
    public string? TokenRefusal(string registrationId, bool isGroup, string? password, string idScope, DateTimeOffset now)
    {
        if (!SasToken.TryParse(password, out SasToken? token, out string? error))
        {
            return error;
        }

        if (token.IsExpired(now))
        {
            return "The token has expired.";
        }

        if (token.PolicyName != "registration" || !token.Covers($"{idScope}/registrations/{registrationId}"))
        {
            return "The token is for another resource or policy.";
        }

        (string primary, string secondary) = DeviceKeys(registrationId, isGroup);
        return token.IsSignedWith(Convert.FromBase64String(primary)) | token.IsSignedWith(Convert.FromBase64String(secondary)) ? null : "The token is not signed with a key of the enrolment.";
    }

    /// <summary>Why a certificate does not attest; none when it does.</summary>
    public string? CertificateRefusal(X509Certificate2 shown, bool isGroup, CertificateAuthorities registered, DateTimeOffset now)
    {
        var certificate = new ClientCertificate(shown);
        X509Certificate2[] own = [.. Certificates.Select(Load)];
        try
        {
            return isGroup
                ? certificate.IssuerRefusal(own.Concat(Authorities.Select(registered.All.GetValueOrDefault).OfType<X509Certificate2>()), now)
                : certificate.ThumbprintRefusal(own[0].GetCertHashString(HashAlgorithmName.SHA256), own[^1].GetCertHashString(HashAlgorithmName.SHA256), now);
        }
        finally
        {
            foreach (X509Certificate2 one in own)
            {
                one.Dispose();
            }
        }
    }

    /// <param name="json">Where to.</param>
    /// <param name="isGroup">Whether it is a group's.</param>
    /// <param name="withKeys">Whether the keys are told; only who makes them and who asks for them alone is.</param>
    public void Write(Utf8JsonWriter json, bool isGroup, bool withKeys)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, IsKeys ? "symmetricKey"u8 : "x509"u8);
        if (IsKeys && withKeys)
        {
            json.WriteStartObject("symmetricKey"u8);
            json.WriteString("primaryKey"u8, PrimaryKey);
            json.WriteString("secondaryKey"u8, SecondaryKey);
            json.WriteEndObject();
        }

        if (!IsKeys)
        {
            json.WriteStartObject("x509"u8);
            WriteBoth(json, isGroup ? "signingCertificates" : "clientCertificates", Certificates, WriteCertificate);
            WriteBoth(json, "caReferences", Authorities, static (writer, name) => writer.WriteStringValue(name));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    public override string ToString() => IsKeys ? "symmetricKey" : "x509";

    private static string Derive(string key, string registrationId) =>
        Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes(registrationId)));

    private static IEnumerable<string> Both(JsonElement? certificates)
    {
        foreach (string member in (string[])["primary", "secondary"])
        {
            if (certificates?.Object(member)?.Text("certificate") is { Length: > 0 } text)
            {
                yield return text;
            }
        }
    }

    // PEM or the base64 of DER, kept as the latter.
    private static string Certificate(string text)
    {
        try
        {
            using X509Certificate2 certificate = text.Contains("-----BEGIN", StringComparison.Ordinal) ? X509Certificate2.CreateFromPem(text) : Load(text);
            return Convert.ToBase64String(certificate.RawData);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw HubRefusalException.Invalid("A 'certificate' is neither PEM nor the base64 of DER.");
        }
    }

    private static X509Certificate2 Load(string body) => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(body));

    private static void WriteBoth(Utf8JsonWriter json, string member, IReadOnlyList<string> values, Action<Utf8JsonWriter, string> write)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartObject(member);
        for (int i = 0; i < values.Count; i++)
        {
            json.WritePropertyName(i == 0 ? "primary" : "secondary");
            write(json, values[i]);
        }

        json.WriteEndObject();
    }

    private static void WriteCertificate(Utf8JsonWriter json, string body)
    {
        using X509Certificate2 certificate = Load(body);
        json.WriteStartObject();
        json.WriteString("certificate"u8, body);
        json.WriteStartObject("info"u8);
        json.WriteString("subjectName"u8, certificate.Subject);
        json.WriteString("sha1Thumbprint"u8, certificate.GetCertHashString());
        json.WriteString("sha256Thumbprint"u8, certificate.GetCertHashString(HashAlgorithmName.SHA256));
        json.WriteString("issuerName"u8, certificate.Issuer);
        json.WriteString("notBeforeUtc"u8, Twins.TwinMetadata.Text(certificate.NotBefore));
        json.WriteString("notAfterUtc"u8, Twins.TwinMetadata.Text(certificate.NotAfter));
        json.WriteString("serialNumber"u8, certificate.SerialNumber);
        json.WriteNumber("version"u8, certificate.Version);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
