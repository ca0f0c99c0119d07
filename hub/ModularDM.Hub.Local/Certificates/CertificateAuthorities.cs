using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ModularDM.Hub.Local.Storage;

namespace ModularDM.Hub.Local.Certificates;

/// <summary>The authorities whose certificates the hub believes. Registering one takes a policy's key or the hub's command line; no proof of possession is asked for.</summary>
internal sealed class CertificateAuthorities
{
    /// <summary>How many a hub may have.</summary>
    public const int MaxCount = 25;

    private readonly Lock gate = new();
    private readonly HubStore store;
    private readonly TimeProvider time;
    private ImmutableSortedDictionary<string, X509Certificate2> authorities = ImmutableSortedDictionary.Create<string, X509Certificate2>(StringComparer.Ordinal);

    public CertificateAuthorities(HubStore store, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        foreach ((string name, byte[] body) in store.ReadCertificates())
        {
            authorities = authorities.Add(name, X509CertificateLoader.LoadCertificate(body));
        }
    }

    public IReadOnlyDictionary<string, X509Certificate2> All => Volatile.Read(ref authorities);

    /// <summary>Reads an authority's certificate from PEM.</summary>
    /// <exception cref="HubRefusalException">It is not one, or not now.</exception>
    public X509Certificate2 Read(string pem)
    {
        if (pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw HubRefusalException.Invalid("The text holds a private key, which stays with the authority: give its certificate alone.");
        }

        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            throw HubRefusalException.Invalid("The text is not a certificate in PEM, from '-----BEGIN CERTIFICATE-----' to '-----END CERTIFICATE-----'.");
        }

        if (!certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(c => c.CertificateAuthority))
        {
            throw HubRefusalException.Invalid("The certificate is not an authority's: its basic constraints do not say CA.");
        }

        return ClientCertificate.ValidityRefusal(certificate, time.GetUtcNow()) is { } reason ? throw HubRefusalException.Invalid(reason) : certificate;
    }

    /// <summary>Registers an authority, or puts another certificate in its place.</summary>
    /// <exception cref="HubRefusalException">There are too many, or the name is not one.</exception>
    public async Task SaveAsync(string name, X509Certificate2 certificate)
    {
        if (name.Length is 0 or > 128 || name.AsSpan().ContainsAnyExcept(Registry.DeviceIdentity.IdCharacters))
        {
            throw HubRefusalException.Invalid("The name of a certificate is empty, longer than 128 characters, or holds a character that it may not.");
        }

        StoreChange save;
        lock (gate)
        {
            if (authorities.Count >= MaxCount && !authorities.ContainsKey(name))
            {
                throw HubRefusalException.Invalid($"The hub has {MaxCount} certificates, which is as many as it may have: remove one first.");
            }

            store.Enqueue(save = new CertificateStore.Save(name, certificate.RawData));
            authorities = authorities.SetItem(name, certificate);
        }

        await save.Done;
    }

    /// <summary>Removes an authority; links that it let in stay until they end by themselves.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> RemoveAsync(string name)
    {
        StoreChange remove;
        lock (gate)
        {
            if (!authorities.ContainsKey(name))
            {
                return false;
            }

            store.Enqueue(remove = new CertificateStore.Remove(name));
            authorities = authorities.Remove(name);
        }

        await remove.Done;
        return true;
    }

    /// <summary>Why a certificate is not believed to come from an authority of the hub's; none when it is.</summary>
    public string? Refusal(ClientCertificate certificate) => certificate.IssuerRefusal(All.Values, time.GetUtcNow());
}
